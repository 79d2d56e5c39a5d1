import { badge, details, el, faint, fault, list, quiet, table } from "./elements.js";
import { nanoUsd, took } from "./format.js";

/** @typedef {import("../http/pages/page-state.ts").PageMicrotask} Microtask @typedef {Microtask["decisions"][0]} Decision */

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
      winner === undefined ? null : `${winner.bidder} won by ${microtask.how?.replaceAll("-", " ")}`,
      faint(`${microtask.kind}${microtask.needs.length === 0 ? "" : `, after ${microtask.needs.join(", ")}`}`),
    ),
    microtask.failure === null ? null : fault(microtask.failure),
    microtask.decisions.map((decision, round) =>
      auctionView(decision, `${microtask.id}-${round}`, round, winner?.bidder ?? null),
    ),
    attemptsView(microtask, nowMs),
    resultView(microtask),
  );
}

/** @param {Decision} decision @param {string} key @param {number} round @param {string | null} winner */
function auctionView(decision, key, round, winner) {
  const { why, explored, award, cell, valueNano, excluded } = decision;
  const bids = [...decision.bids].sort((a, b) => b.score - a.score);
  const role = (/** @type {string | undefined} */ bidder) => {
    const place = award.find((p) => p.bidder === bidder);
    if (place === undefined) return "–";
    return place.startAfterMs ? `${place.role} after ${took(place.startAfterMs)}` : place.role;
  };
  return el(
    "div",
    { class: "bids" },
    el("p", {}, round === 0 ? "" : `Auction ${round + 1}: `, why, explored ? " (an exploration)" : ""),
    table(
      `${bids.length} bid${bids.length === 1 ? "" : "s"} for ${cell}; an accepted answer is worth ${nanoUsd(valueNano)}`,
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
      (i) => (bids[i]?.bidder === winner ? "won" : role(bids[i]?.bidder) === "–" ? "out" : null),
    ),
    excluded.length === 0 ? null : notAsked(decision, key),
  );
}

/** Who was not asked, a line for each reason. @param {Decision} decision @param {string} key */
function notAsked({ kind, excluded }, key) {
  const groups = Map.groupBy(excluded, ({ reason }) => reason);
  const unserved = groups.get(`it does not serve ${kind}`)?.length ?? 0;
  const lines = [...groups].sort(([, a], [, b]) => a.length - b.length);
  return details(
    `bids-out-${key}`,
    `${excluded.length} not asked${unserved > 1 ? `: ${unserved} do not serve ${kind}` : ""}`,
    list(lines.map(([reason, out]) => `${out.map((one) => one.bidder).join(", ")}: ${reason}`)),
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

/** @param {Microtask["attempts"][0]} a @param {boolean} won @param {number} from @param {number} to @param {number} nowMs */
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
      el("span", {}, won ? "★ " : "", a.bidder, faint(` ${a.role}${a.committed ? ", committed" : ""}`)),
      el("div", { class: "track" }, bar),
      el("span", { class: "number" }, badge(a.status), ` ${took(until - a.startedAtMs)} · ${nanoUsd(a.costNano)}`),
    ),
    quiet(
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
function resultView({ text, value, repairs, id }) {
  if (text === null) return null;
  return details(
    `result-${id}`,
    repairs.length === 0 ? "Result" : `Result, mended: ${repairs.join(", ")}`,
    el("pre", {}, typeof value === "string" || value === null ? text : JSON.stringify(value, null, 2)),
  );
}
