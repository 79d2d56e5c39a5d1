import { ask, Refused } from "./ask.js";
import { el } from "./elements.js";
import { apply, emptyJob } from "./job-state.js";
import { answerView, explanationView, headView, logView } from "./job-view.js";
import { microtaskView } from "./microtask-view.js";

/** Every type of event, as server-sent events are heard by name. */
const types = [
  "job-accepted",
  "epoch-started",
  "cancel-requested",
  "job-ended",
  "feedback-given",
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
const place = (/** @type {string} */ name) => /** @type {HTMLElement} */ (document.getElementById(name));
const job = emptyJob();
/** How far the server's clock is ahead of ours: no bar may end before it began. */
let aheadMs = 0;
/** Version of each microtask on the page: only what changed is drawn again. @type {Map<string, number>} */
const drawn = new Map();
let drawnSeq = -1;
let waiting = false;

function draw() {
  waiting = false;
  const nowMs = Date.now() + aheadMs;
  place("head").replaceChildren(...headView(job, id, nowMs));
  const cards = place("microtasks");
  if (job.microtasks.length > 0 && cards.children.length === 0) cards.append(el("h2", {}, "Auctions and races"));
  job.microtasks.forEach((microtask, i) => {
    const running = microtask.attempts.some((a) => a.status === "running");
    if (drawn.get(microtask.id) === microtask.version && !running) return;
    drawn.set(microtask.id, microtask.version);
    const card = microtaskView(microtask, nowMs);
    const old = cards.children[i + 1];
    if (old === undefined) cards.append(card);
    else old.replaceWith(card);
  });
  if (drawnSeq !== job.seq) {
    if (place("answer").children.length === 0) place("answer").replaceChildren(...answerView(job));
    place("log").replaceChildren(...logView(job));
  }
  drawnSeq = job.seq;
}

function drawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(draw);
}

async function explain() {
  place("explanation").replaceChildren(...explanationView(await ask(`/v1/jobs/${encodeURIComponent(id)}/explain`)));
}

function follow() {
  const source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events`);
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
  await ask(`/v1/jobs/${encodeURIComponent(id)}`);
  follow();
  setInterval(() => {
    if (job.status === "running" && !document.hidden) drawSoon();
  }, 250);
} catch (error) {
  if (!(error instanceof Refused && error.status === 401))
    place("head").replaceChildren(
      el("h1", {}, "Job"),
      el("p", { class: "fault", role: "alert" }, error instanceof Error ? error.message : String(error)),
    );
}
