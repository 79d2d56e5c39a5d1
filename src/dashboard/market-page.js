import { ask } from "./ask.js";
import { card, details, el, faint, fault, quiet, table } from "./elements.js";
import { interval, reliability } from "./plots.js";

const place = /** @type {HTMLElement} */ (document.getElementById("market"));
const everyMs = 5000;
let shown = "";

async function refresh() {
  try {
    const { kinds } = await ask("/v1/market");
    // A page that did not change is left alone: its focus and selection are the reader's.
    const now = JSON.stringify(kinds);
    if (now !== shown) place.replaceChildren(...(kinds.length === 0 ? nothingYet() : kinds.map(kindView)));
    shown = now;
  } catch (error) {
    shown = "";
    place.replaceChildren(fault(error));
  }
}

/** Contexts that have a column each; the others have one when the reader asks for them. */
const fewContexts = 8;
/** Kinds of which the reader asked for all. @type {Set<string>} */
const whole = new Set();

/** @param {{ kind: string, outcomes: number, contexts: any[], bidders: any[] }} known */
function kindView({ kind, outcomes, contexts, bidders }) {
  // Those with most outcomes come first.
  const columns = whole.has(kind) ? contexts : contexts.slice(0, fewContexts);
  const more = contexts.length - columns.length;
  const showAll = () => {
    whole.add(kind);
    shown = "";
    void refresh();
  };
  return el(
    "section",
    { class: "card", "aria-label": `Kind ${kind}` },
    el("header", {}, el("h2", {}, kind), faint(`${count(outcomes)} outcomes`)),
    table(
      "Believed chance of an accepted answer with its 90 % interval, and the outcomes behind it. Faint: little known.",
      ["Bidder", ...columns.map((c) => `#${c.context === "" ? "all others" : c.context}`)],
      bidders.map((b) => [b.bidder, ...b.contexts.slice(0, columns.length).map(cell)]),
    ),
    more === 0 ? null : el("button", { type: "button", onclick: showAll }, `and ${more} more`),
    ...claimsView(kind, bidders),
  );
}

/**
 * What bidders said of their chances, and what came of it: drawn for those with enough claims, all of it in a table.
 * @param {string} kind @param {any[]} bidders
 */
function claimsView(kind, bidders) {
  const told = bidders.filter((b) => settled(b) >= fewest && b.calibrationError !== null);
  return [
    told.length === 0
      ? null
      : quiet("Claims that were settled: larger dots for more of them. On the line, what was said came true."),
    el("div", { class: "plots" }, told.map(claimsPlot)),
    details(
      kind,
      "Settled claims in numbers",
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
  card(
    el("h2", {}, "Nothing learned yet"),
    quiet(
      "Jobs whose answers are checked (criteria, a schema, a judge) or that get feedback teach the market. Bids start from what similar bidders and prices suggest.",
    ),
  ),
];

await refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, everyMs);
