import { ask } from "./ask.js";
import { badge, card, el, fault, quiet, table } from "./elements.js";
import { clock, dayClock, inShort, shortId, took, usd } from "./format.js";

const place = /** @type {HTMLElement} */ (document.getElementById("jobs"));
const choice = /** @type {HTMLSelectElement} */ (document.getElementById("status"));
const everyMs = 3000;
// In the address, so that a list of failures can be sent to somebody.
choice.value = new URLSearchParams(location.search).get("status") ?? "";
if (choice.selectedIndex < 0) choice.value = "";
choice.addEventListener("change", () => {
  location.search = choice.value === "" ? "" : `?status=${choice.value}`;
});
const list = `/v1/jobs?limit=50${choice.value === "" ? "" : `&status=${choice.value}`}`;
/** @type {any[]} */
let older = [];
/** Where the next older page begins; undefined: not asked for yet. @type {number | null | undefined} */
let next;
let shown = "";

async function refresh() {
  try {
    const page = await ask(list);
    const known = new Set(page.jobs.map((/** @type {any} */ j) => j.id));
    const jobs = [...page.jobs, ...older.filter((j) => !known.has(j.id))];
    const more = next === undefined ? page.next : next;
    // A list that did not change is left alone: its focus and selection are the reader's.
    const now = JSON.stringify([jobs, more]);
    if (now !== shown) place.replaceChildren(...(jobs.length > 0 || more !== null ? rows(jobs, more) : nothing()));
    shown = now;
  } catch (error) {
    tell(error);
  }
}

/** @param {unknown} error */
function tell(error) {
  shown = "";
  place.replaceChildren(fault(error));
}

/** @param {any[]} jobs @param {string | null} more */
const rows = (jobs, more) => [
  table(
    jobs.length === 0 ? "No jobs here" : inShort(jobs),
    ["Status", "Job", "Kind", "Plan", "#Started", "#Took", "#Attempts", "Winner or fault", "#Cost", "#Saved"],
    jobs.map((job, i) => [
      badge(job.status),
      el("a", { href: `/job.html?id=${encodeURIComponent(job.id)}`, class: "id", title: job.id }, shortId(job.id)),
      job.kind,
      job.plan,
      el("span", { title: clock(job.createdAtMs) }, dayClock(job.createdAtMs, jobs[i - 1]?.createdAtMs)),
      job.endedAtMs === null ? "–" : took(job.endedAtMs - job.createdAtMs),
      job.attempts,
      job.winner ?? job.error ?? "–",
      usd(job.costUsd),
      usd(job.savedUsd),
    ]),
  ),
  ...(more === null
    ? []
    : [el("p", {}, el("button", { type: "button", onclick: () => void showOlder(more).catch(tell) }, "Older jobs"))]),
];

/** @param {string} before */
async function showOlder(before) {
  const page = await ask(`${list}&before=${before}`);
  older = [...older, ...page.jobs];
  next = page.next;
  await refresh();
}

const nothing = () => (choice.value === "" ? nothingYet() : [quiet(`No job is ${choice.value}.`)]);

const nothingYet = () => [
  card(
    el("h2", {}, "No jobs yet"),
    el("p", {}, "Send one, and it appears here:"),
    el(
      "pre",
      { class: "command" },
      `curl ${location.origin}/v1/jobs -H 'content-type: application/json' \\\n  -d '{"kind": "language", "text": "Wo bleibt mein Paket?"}'`,
    ),
    quiet("With a key: add -H 'authorization: Bearer KEY'."),
  ),
];

await refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, everyMs);
