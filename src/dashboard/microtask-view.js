import { badge, el, list, table } from "./elements.js";
import { nanoUsd, took } from "./format.js";

/** @typedef {import("./job-state.js").Microtask} Microtask @typedef {import("./job-state.js").Attempt} Attempt */

/**
 * One microtask: its auctions, its race, and what came of it.
 * @param {Microtask} microtask @param {number} nowMs
 */
export function microtaskView(microtask, nowMs) {
  const winner = microtask.attempts.find((a) => a.id === microtask.winner);
  return el(
    "section",
    { class: "card", "aria-label": `Microtask ${microtask.id}` },
    el(
      "header",
      {},
      el("h3", {}, microtask.id),
      badge(microtask.status),
      winner === undefined
        ? null
        : el(
            "span",
            {},
            `${winner.bidder} won${microtask.how === null ? "" : ` by ${microtask.how.replaceAll("-", " ")}`}`,
          ),
      el(
        "span",
        { class: "quiet" },
        `${microtask.kind}${microtask.needs.length === 0 ? "" : `, after ${microtask.needs.join(", ")}`}`,
      ),
    ),
    microtask.failure === null ? null : el("p", { class: "fault" }, microtask.failure),
    microtask.decisions.map((decision, round) =>
      auctionView(decision, `${microtask.id}-${round}`, round, winner?.bidder ?? null),
    ),
    attemptsView(microtask, nowMs),
    resultView(microtask),
  );
}

/** @param {any} decision @param {string} key @param {number} round @param {string | null} winner */
function auctionView(decision, key, round, winner) {
  const bids = [...decision.bids].sort((a, b) => b.score - a.score);
  const role = (/** @type {string} */ bidder) => {
    const place = decision.award.find((/** @type {any} */ p) => p.bidder === bidder);
    if (place === undefined) return "–";
    return place.startAfterMs === null || place.startAfterMs === 0
      ? place.role
      : `${place.role} after ${took(place.startAfterMs)}`;
  };
  return el(
    "div",
    {},
    el(
      "p",
      {},
      round === 0 ? "" : `Auction ${round + 1}: `,
      decision.why,
      decision.explored ? " (an exploration)" : "",
    ),
    table(
      `${bids.length} bid${bids.length === 1 ? "" : "s"} for ${decision.cell}; an accepted answer is worth ${nanoUsd(decision.valueNano)}`,
      ["Bidder", "Line-up", "#P(accept)", "#Cost", "#First token", "#Total", "#Score"],
      bids.map((b) => [
        b.bidder,
        role(b.bidder),
        `${(100 * b.accept.mean).toFixed(0)} ± ${(100 * b.accept.sd).toFixed(0)} %`,
        nanoUsd(b.costNano),
        took(b.firstTokenMs.p50),
        took(b.totalMs.p50),
        b.score.toPrecision(3),
      ]),
      (i) => (bids[i].bidder === winner ? "won" : role(bids[i].bidder) === "–" ? "out" : null),
    ),
    decision.excluded.length === 0
      ? null
      : details(
          `bids-out-${key}`,
          `${decision.excluded.length} not asked`,
          list(decision.excluded.map((/** @type {any} */ x) => `${x.bidder}: ${x.reason}`)),
        ),
  );
}

/** @param {Microtask} microtask @param {number} nowMs */
function attemptsView({ attempts, winner }, nowMs) {
  if (attempts.length === 0) return null;
  const from = Math.min(...attempts.map((a) => a.startedAtMs));
  const to = Math.max(from + 1, ...attempts.map((a) => a.endedAtMs ?? nowMs));
  return el(
    "ol",
    { class: "attempts", "aria-label": "Attempts" },
    attempts.map((a) => el("li", {}, attemptView(a, a.id === winner, from, to, nowMs))),
  );
}

/** @param {Attempt} a @param {boolean} won @param {number} from @param {number} to @param {number} nowMs */
function attemptView(a, won, from, to, nowMs) {
  const until = a.endedAtMs ?? nowMs;
  const bar = el("div", { class: `bar ${a.status}` });
  bar.style.left = `${(100 * (a.startedAtMs - from)) / (to - from)}%`;
  bar.style.width = `${(100 * (until - a.startedAtMs)) / (to - from)}%`;
  const saved = a.savedTokens > 0 ? `, saved ${nanoUsd(a.savedNano)} and ${a.savedTokens} tokens` : "";
  const kept = a.keptFrom === 0 ? "" : ` · ${a.keptFrom} value${a.keptFrom === 1 ? "" : "s"} kept from it`;
  return [
    el(
      "div",
      { class: "attempt" },
      el(
        "span",
        {},
        won ? "★ " : "",
        a.bidder,
        el("span", { class: "quiet" }, ` ${a.role}${a.committed ? ", committed" : ""}`),
      ),
      el("div", { class: "track" }, bar),
      el("span", { class: "number" }, badge(a.status), ` ${took(until - a.startedAtMs)} · ${nanoUsd(a.costNano)}`),
    ),
    el(
      "p",
      { class: "quiet" },
      `${a.note}${a.tokens === null ? "" : ` · ${a.tokens} tokens`}${saved}${kept}${a.verdict === null ? "" : ` · verdict: ${a.verdict}`}`,
    ),
    a.criteria.length === 0
      ? null
      : el(
          "ul",
          { class: "criteria" },
          a.criteria.map((c) => el("li", {}, badge(c.result), ` ${c.criterion} (${c.class}): ${c.evidence}`)),
        ),
    a.text === "" || won || a.status === "running"
      ? null
      : details(`text-${a.id}`, "What it wrote", el("pre", {}, a.text)),
  ];
}

/** @param {Microtask} microtask */
function resultView({ text, value, repairs, attempts, id }) {
  const live = text === null ? attempts.find((a) => a.text !== "" && a.status === "running") : undefined;
  if (live !== undefined) return el("pre", {}, live.text);
  if (text === null) return null;
  return details(
    `result-${id}`,
    repairs.length === 0 ? "Result" : `Result, mended: ${repairs.join(", ")}`,
    el("pre", {}, typeof value === "string" || value === null ? text : JSON.stringify(value, null, 2)),
  );
}

/** Which details the reader has open: they stay so when the job goes on. @type {Set<string>} */
const open = new Set();

/** @param {string} key @param {string} summary @param {...Node} content */
export function details(key, summary, ...content) {
  const element = el("details", { open: open.has(key) }, el("summary", {}, summary), ...content);
  element.addEventListener("toggle", () => {
    if (/** @type {HTMLDetailsElement} */ (element).open) open.add(key);
    else open.delete(key);
  });
  return element;
}
