import { actions, approving, cancelling, rating } from "./actions.js";
import { ask, Refused } from "./ask.js";
import { el, fault, quiet } from "./elements.js";
import { apply, emptyJob } from "./job-state.js";
import { answerView, explanationView, headView, liveView, logView } from "./job-view.js";
import { microtaskView } from "./microtask-view.js";

/** Every type of event, as server-sent events are heard by name. */
const types = [
  "job-accepted",
  "epoch-started",
  "cancel-requested",
  "job-ended",
  "feedback-given",
  "approval-given",
  "microtask-waiting",
  "start-refused",
  "candidates-compared",
  "attempt-spared",
  "attempt-written-off",
  "judge-audited",
  "budget-leased",
  "microtask-charged",
  "cost-reconciled",
  "webhook-due",
  "webhook-delivered",
  "webhook-failed",
  "microtasks-planned",
  "award-made",
  "settlement-prepared",
  "settlement-sent",
  "attempt-started",
  "text-streamed",
  "attempt-committed",
  "verdict-reached",
  "attempt-finished",
  "attempt-failed",
  "attempt-cancelled",
  "leader-changed",
  "continuation-abandoned",
  "microtask-joined",
  "microtask-failed",
];

const id = new URLSearchParams(location.search).get("id") ?? location.hash.slice(1);
const path = `/v1/jobs/${encodeURIComponent(id)}`;
const place = (/** @type {string} */ name) => /** @type {HTMLElement} */ (document.getElementById(name));
const job = emptyJob();
/** How far the server's clock is ahead of ours: no bar may end before it began. */
let aheadMs = 0;
/** Version of each microtask on the page: only what changed is drawn again. @type {Map<string, string>} */
const drawn = new Map();
let drawnSeq = -1;
/** Buttons are left alone while they mean the same: one that is replaced under a press does nothing. @type {boolean | null} */
let cancels = null;
let waiting = false;

function draw() {
  waiting = false;
  const nowMs = Date.now() + aheadMs;
  place("head").replaceChildren(...headView(job, id, nowMs));
  const mayCancel = job.status === "running" && !job.cancelRequested;
  if (mayCancel !== cancels) place("actions").replaceChildren(...(mayCancel ? [actions("job", cancelling(id))] : []));
  cancels = mayCancel;
  const cards = place("microtasks");
  if (job.microtasks.length > 0 && cards.children.length === 0) cards.append(el("h2", {}, "Auctions and races"));
  job.microtasks.forEach((microtask, i) => {
    const running = microtask.attempts.some((a) => a.status === "running");
    const version = `${microtask.version} ${job.status}`;
    if (drawn.get(microtask.id) === version && !running) return;
    drawn.set(microtask.id, version);
    const card = microtaskView(microtask, nowMs);
    const choices = choicesOf(microtask);
    if (choices.length > 0) card.append(actions(`${microtask.id} ${job.status}`, choices));
    else if (microtask.rated) card.append(quiet("Rated."));
    const old = cards.children[i + 1];
    if (old === undefined) cards.append(card);
    else old.replaceWith(card);
  });
  if (drawnSeq !== job.seq) {
    if (place("answer").children.length === 0) place("answer").replaceChildren(...answerView(job));
    place("live").replaceChildren(...liveView(job));
    place("log").replaceChildren(...logView(job));
  }
  drawnSeq = job.seq;
}

/** @param {import("../http/pages/page-state.ts").PageMicrotask} microtask */
function choicesOf({ id: microtask, status, awaitsApproval, rated }) {
  if (job.status === "running") return awaitsApproval ? approving(id, microtask) : [];
  return status === "joined" && !rated ? rating(id, microtask) : [];
}

function drawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(draw);
}

async function explain() {
  place("explanation").replaceChildren(...explanationView(await ask(`${path}/explain`)));
}

function follow() {
  const source = new EventSource(`${path}/events`);
  for (const type of types)
    source.addEventListener(type, (message) => {
      const event = JSON.parse(/** @type {MessageEvent} */ (message).data);
      aheadMs = Math.max(aheadMs, event.atMs - Date.now());
      apply(job, event);
      drawSoon();
      if (event.type === "job-ended") explain().catch(() => {});
    });
}

try {
  // Says so when there is no such job or nobody is signed in, which an event source cannot.
  await ask(path);
  follow();
  setInterval(() => {
    if (job.status === "running" && !document.hidden) drawSoon();
  }, 250);
} catch (error) {
  if (!(error instanceof Refused && error.status === 401))
    place("head").replaceChildren(el("h1", {}, "Job"), fault(error));
}
