import { badge, el, list, table } from "./elements.js";
import { clock, nanoUsd, took } from "./format.js";
import { said, totals } from "./job-state.js";
import { details } from "./microtask-view.js";

/** @typedef {ReturnType<typeof import("./job-state.js").emptyJob>} JobState */

/** @param {JobState} job @param {string} id @param {number} nowMs */
export function headView(job, id, nowMs) {
  const sum = totals(job);
  /** @type {[string, string | number][]} */
  const facts = [
    ["Kind", job.request?.kind ?? "–"],
    ["Plan", job.plan ?? "–"],
    ["Via", job.via],
    ["Lane", job.request === null ? "–" : (job.request.lane ?? "durable")],
    ["Started", job.createdAtMs === 0 ? "–" : clock(job.createdAtMs)],
    ["Took", job.createdAtMs === 0 ? "–" : took((job.endedAtMs ?? nowMs) - job.createdAtMs)],
    ["Microtasks", job.microtasks.length],
    ["Attempts", sum.attempts],
    ["Cost", nanoUsd(sum.costNano)],
    ["Saved by cutting", `${nanoUsd(sum.savedNano)}, ${sum.savedTokens} tokens`],
  ];
  return [
    el("h1", {}, inputTitle(job.request)),
    el("p", {}, badge(job.status), " ", el("span", { class: "id quiet" }, id)),
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    job.error === null ? null : el("p", { class: "fault", role: "alert" }, job.error.message),
    job.planWhy === "" ? null : el("p", { class: "quiet" }, job.planWhy),
    job.request === null
      ? null
      : details("input", "What was asked", el("pre", {}, inputText(job.request)), ...pictures(job.request.input)),
  ].filter((part) => part !== null);
}

/** @param {any} request */
function inputTitle(request) {
  const input = request?.input;
  if (input === undefined) return "Job";
  // Of a conversation the newest question: its system message is the same for many jobs.
  const asked = input.messages?.findLast((/** @type {any} */ m) => m.role === "user")?.content;
  const text = asked ?? (input.type === "email" ? input.mail.subject : input.text);
  const line = text.trim().split("\n")[0] ?? "";
  return line === "" ? "Job" : line.length > 90 ? `${line.slice(0, 90)}…` : line;
}

/** @param {any} request */
function inputText({ input, tools }) {
  const offered = tools?.offered.map((/** @type {any} */ tool) => tool.name).join(", ");
  return offered === undefined ? turnsText(input) : `${turnsText(input)}\n\nTools: ${offered}`;
}

/** Only what came with the job is drawn: an address would tell who looks. @param {any} input */
function pictures({ messages = [] }) {
  const urls = messages.flatMap((/** @type {any} */ m) => (m.images ?? []).map((/** @type {any} */ one) => one.url));
  return urls.map((/** @type {string} */ url) =>
    url.startsWith("data:image/") ? el("img", { src: url, alt: "Picture" }) : el("p", {}, url),
  );
}

/** @param {any} input */
function turnsText(input) {
  if (input.type !== "messages") return input.text;
  return input.messages
    .map((/** @type {any} */ m) =>
      input.messages.length === 1 ? m.content : `${m.role}: ${said({ text: m.content, calls: m.calls })}`,
    )
    .join("\n");
}

/** @param {JobState} job */
export function answerView({ answer }) {
  if (answer === null) return [];
  const { value, unsure } = answer;
  const isCard = typeof value === "object" && value !== null && !Array.isArray(value);
  return [
    el("h2", {}, "Answer"),
    el(
      "section",
      { class: "card" },
      isCard
        ? table(
            "The answer, part by part",
            ["Part", "Value"],
            Object.entries(value).map(([part, v]) => [part, partView(v)]),
          )
        : el("div", { class: "answer" }, said(answer)),
      unsure.length === 0
        ? null
        : el("div", {}, el("p", {}, "Unsure:"), list(unsure.map((u) => `${u.part}: ${u.why}`))),
    ),
  ];
}

/** @param {any} value */
function partView(value) {
  if (value === null) return el("span", { class: "quiet" }, "–");
  if (typeof value !== "object") return el("div", { class: "answer" }, value);
  if (typeof value.label === "string")
    return el(
      "span",
      {},
      value.label,
      typeof value.confidence === "number"
        ? el("span", { class: "quiet" }, ` ${(100 * value.confidence).toFixed(0)} % sure`)
        : null,
    );
  const parts = Object.entries(value).filter(([, v]) => !(Array.isArray(v) && v.length === 0));
  if (parts.length === 0) return el("span", { class: "quiet" }, "none");
  return list(parts.map(([k, v]) => `${k}: ${Array.isArray(v) ? v.map(plain).join(", ") : plain(v)}`));
}

const plain = (/** @type {unknown} */ v) => (typeof v === "string" ? v : JSON.stringify(v));

/** @param {any} explanation */
export const explanationView = (explanation) => [
  el("h2", {}, "Why it went this way"),
  el(
    "section",
    { class: "card" },
    explanation.sentences.map((/** @type {string} */ s) => el("p", {}, s)),
    explanation.microtasks.map((/** @type {any} */ m) =>
      details(
        `explain-${m.id}`,
        `${m.id}: ${m.sentences.length} sentence${m.sentences.length === 1 ? "" : "s"}`,
        list(m.sentences),
      ),
    ),
  ),
];

/** @param {JobState} job */
export const logView = (job) => [
  el("h2", {}, "Log"),
  details(
    "log",
    `${job.log.length} events`,
    table(
      "Everything above is a fold of these",
      ["#No.", "#After", "Event", "About"],
      job.log.map((e) => [e.seq, took(e.atMs - job.createdAtMs), e.type, e.about.slice(0, 300)]),
    ),
  ),
];
