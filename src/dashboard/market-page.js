import { ask } from "./ask.js";
import { el, table } from "./elements.js";
import { interval, reliability } from "./plots.js";

const place = /** @type {HTMLElement} */ (document.getElementById("market"));
const everyMs = 5000;
let shown = "";

async function refresh() {
  try {
    const { kinds } = await ask("/v1/market");
    // A page that did not change is left alone: its focus and selection are the reader's.
    const now = JSON.stringify(kinds);
    if (now !== shown) draw(kinds);
    shown = now;
  } catch (error) {
    shown = "";
    place.replaceChildren(
      el("p", { class: "fault", role: "alert" }, error instanceof Error ? error.message : String(error)),
    );
  }
}

/** What the reader opened stays open. @param {any[]} kinds */
function draw(kinds) {
  const open = new Set(
    [...place.querySelectorAll("details[open]")].map((details) => details.getAttribute("data-kind")),
  );
  place.replaceChildren(...(kinds.length === 0 ? nothingYet() : kinds.map((known) => kindView(known, open))));
}

/** @param {any} known @param {Set<string | null>} open */
const kindView = ({ kind, outcomes, contexts, bidders }, open) =>
  el(
    "section",
    { class: "card", "aria-label": `Kind ${kind}` },
    el("header", {}, el("h2", {}, kind), el("span", { class: "quiet" }, `${count(outcomes)} outcomes`)),
    table(
      "Believed chance of an accepted answer with its 90 % interval, and the outcomes behind it. Faint: little known.",
      ["Bidder", ...contexts.map((/** @type {any} */ c) => `#${c.context === "" ? "all others" : c.context}`)],
      bidders.map((/** @type {any} */ b) => [b.bidder, ...b.contexts.map(cell)]),
    ),
    ...claimsView(kind, bidders, open.has(kind)),
  );

/**
 * What bidders said of their chances, and what came of it: drawn for those with enough claims, all of it in a table.
 * @param {string} kind @param {any[]} bidders @param {boolean} open
 */
function claimsView(kind, bidders, open) {
  const told = bidders.filter((b) => settled(b) >= fewest && b.calibrationError !== null);
  return [
    told.length === 0
      ? null
      : el(
          "p",
          { class: "quiet" },
          "Claims that were settled: to the right what was said, upwards how many came true, larger dots for more claims. On the line both agree.",
        ),
    el("div", { class: "plots" }, told.map(claimsPlot)),
    el(
      "details",
      { "data-kind": kind, open },
      el("summary", { class: "quiet" }, "Settled claims in numbers"),
      table(
        "What was said, how many of these came true, and how many there were; by how much they were off on average.",
        ["Bidder", ...fifths.map((t) => `#said ${t}`), "#off by", "#Brier"],
        bidders.map((b) => [
          b.bidder,
          ...fifths.map((_, i) => claim(b.claims.find((/** @type {any} */ c) => Math.round(5 * c.from) === i))),
          b.calibrationError === null || settled(b) < fewest ? "–" : percent(b.calibrationError),
          b.brier === null ? "–" : b.brier.toFixed(3),
        ]),
      ),
    ),
  ];
}

/** @param {any} known */
const claimsPlot = ({ bidder, claims, calibrationError }) => {
  const off = `${count(settled({ claims }))} claims, off by ${percent(calibrationError)}`;
  return el("figure", {}, reliability(claims, `${bidder}: ${off}`), el("figcaption", {}, bidder, el("small", {}, off)));
};

/** Claims before which nothing is said of a bidder's claims as a whole. */
const fewest = 10;
/** @param {any} bidder */
const settled = ({ claims }) => claims.reduce((/** @type {number} */ n, /** @type {any} */ c) => n + c.n, 0);
const fifths = ["0–20 %", "20–40 %", "40–60 %", "60–80 %", "80–100 %"];

/** One bidder in one context. @param {any} known */
function cell({ mean, low, high, n }) {
  const bounds = `${percent(low)} to ${percent(high)} (90 % interval)`;
  return el(
    "span",
    { class: `chance${n < 1 ? " faint" : ""}`, title: bounds },
    percent(mean),
    el("small", {}, ` ${count(n)}`),
    interval({ low, mean, high }, bounds),
  );
}

/** @param {any} bin */
const claim = (bin) =>
  bin === undefined || bin.n < 0.5
    ? "–"
    : el(
        "span",
        { title: `${count(bin.n)} claims of ${percent(bin.said)} on average; ${percent(bin.cameTrue)} came true` },
        `${percent(bin.said)} → ${percent(bin.cameTrue)}`,
        el("small", {}, ` ${count(bin.n)}`),
      );

/** @param {number} p */
const percent = (p) => `${Math.round(100 * p)} %`;
/** @param {number} n */
const count = (n) => (n >= 10 || n === 0 ? String(Math.round(n)) : n.toFixed(1));

const nothingYet = () => [
  el(
    "section",
    { class: "card" },
    el("h2", {}, "Nothing learned yet"),
    el(
      "p",
      {},
      "Jobs whose answers are checked (criteria, a schema, a judge) or that get feedback teach the market. Bids start from what similar bidders and prices suggest.",
    ),
  ),
];

await refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, everyMs);
