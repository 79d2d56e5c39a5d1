import { badge, card, details, el, faint, fault, list, quiet, table } from "./elements.js";
import { clock, nanoUsd, took } from "./format.js";
import { said, totals } from "./job-state.js";

/** @typedef {import("../http/pages/page-state.ts").PageJob} JobState */

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
    el("h1", {}, inputTitle(job.request?.input)),
    el("p", { class: "line" }, badge(job.status), el("span", { class: "id quiet", title: id }, id)),
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    job.error === null ? null : fault(job.error.message),
    job.planWhy === "" ? null : quiet(job.planWhy),
    job.request === null
      ? null
      : details("input", "What was asked", el("pre", {}, inputText(job.request)), ...pictures(job.request.input)),
  ].filter((part) => part !== null);
}

/** @param {any} input */
function inputTitle(input) {
  if (input === undefined) return "Job";
  // Of a conversation the newest question: its system message is the same for many jobs.
  const asked = input.messages?.findLast((/** @type {any} */ m) => m.role === "user")?.content;
  const text = asked ?? (input.type === "email" ? input.mail.subject : input.text);
  const line = text.trim().split("\n")[0] ?? "";
  return line === "" ? "Job" : line.length > 90 ? `${line.slice(0, 90)}…` : line;
}

/** @param {{ input: any, tools?: { offered: { name: string }[] } }} request */
function inputText({ input, tools }) {
  const offered = tools?.offered.map((tool) => tool.name).join(", ");
  return offered === undefined ? turnsText(input) : `${turnsText(input)}\n\nTools: ${offered}`;
}

/** Only what came with the job is drawn: an address would tell who looks. @param {any} input */
function pictures({ messages = [] }) {
  return messages
    .flatMap((/** @type {any} */ m) => m.images ?? [])
    .map((/** @type {{ url: string }} */ { url }) =>
      url.startsWith("data:image/") ? el("img", { src: url, alt: "Picture" }) : el("p", {}, url),
    );
}

/** @param {any} input */
function turnsText({ text, messages = [] }) {
  const turn = (/** @type {any} */ m) => `${m.role}: ${said({ text: m.content, calls: m.calls })}`;
  return text ?? (messages.length === 1 ? messages[0].content : messages.map(turn).join("\n"));
}

/** What the leader wrote so far, before it is an answer. @param {JobState} job */
export function liveView({ status, request, microtasks }) {
  if (status !== "running") return [];
  const leader = microtasks.flatMap((m) => m.attempts.filter((a) => a.id === m.leader))[0];
  if (leader === undefined)
    return request?.delivery === "accepted" ? [quiet("This job shows no text before it is accepted.")] : [];
  return [
    el("h2", {}, "As it is written"),
    el("section", { class: "card live" }, el("div", { class: "answer" }, leader.text)),
    quiet(`${leader.bidder} leads; nothing of it is accepted yet.`),
  ];
}

/** @param {JobState} job */
export function answerView({ answer }) {
  if (answer === null) return [];
  const { value, unsure } = answer;
  const isCard = typeof value === "object" && value !== null && !Array.isArray(value);
  return [
    el("h2", {}, "Answer"),
    card(
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
  if (value === null) return faint("–");
  if (typeof value !== "object") return el("div", { class: "answer" }, value);
  if (typeof value.label === "string")
    return el(
      "span",
      {},
      value.label,
      typeof value.confidence === "number" ? faint(` ${(100 * value.confidence).toFixed(0)} % sure`) : null,
    );
  const parts = Object.entries(value).filter(([, v]) => !(Array.isArray(v) && v.length === 0));
  if (parts.length === 0) return faint("none");
  return list(parts.map(([k, v]) => `${k}: ${Array.isArray(v) ? v.map(plain).join(", ") : plain(v)}`));
}

const plain = (/** @type {unknown} */ v) => (typeof v === "string" ? v : JSON.stringify(v));

/** @param {import("../http/pages/page-state.ts").Explanation} explanation */
export const explanationView = (explanation) => [
  el("h2", {}, "Why it went this way"),
  card(
    explanation.sentences.map((s) => el("p", {}, s)),
    explanation.microtasks.map((m) =>
      details(
        `explain-${m.id}`,
        `${m.id} in detail`,
        list([...m.sentences, ...m.losers.map((l) => `${l.bidder}: ${l.why}`)]),
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
