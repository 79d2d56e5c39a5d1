import type { Kind } from "../plan/kind.ts";
import { growth } from "./forgetting.ts";

/**
 * What became of accepted prefixes, and of those that a signal spoke against (false-kill.ts): one row for a kind, the
 * criteria that more text could still break, and a bidder ("" counts all of them). `counts` by quarter of the expected length: held at 2q, broke at 2q + 1, forward-weighted.
 */
export interface BreakRow {
  kind: Kind;
  /** Types of the criteria, sorted, joined by "+": "language+length". */
  criteria: string;
  bidder: string;
  counts: number[];
}

/** A part of the market's state of its own; plain JSON. */
export interface BreaksState {
  version: 1;
  landmarkMs: number;
  rows: BreakRow[];
}

/** One accepted prefix whose whole answer is known. */
export interface PrefixReport {
  bidder: string;
  criteria: string;
  /** Quarter of its expected length in which it stood, 0 to 3. */
  quarter: number;
  held: boolean;
  /** Above 0, at most 1: less where its end could have been hidden by a rival's. */
  weight: number;
}

/** The bet that a commit on prefix makes. */
export interface BreakRisk {
  /** P(the whole answer is rejected), upper end of 95 %: a bet is made on what is known for sure. 0 to 1. */
  chance: number;
  /** Prefixes like it whose ends were seen, all bidders, and how many of them broke; faded, so maybe not whole. */
  seen: number;
  broke: number;
  criteria: string;
  quarter: number;
}

/** A record of nothing. */
export const emptyBreaks = (): BreaksState => ({ version: 1, landmarkMs: 0, rows: [] });

/** Parts of an answer that are counted apart. */
export const quarters = 4;
/** Observations a row remembers in a quarter; older ones fade. */
const heaviest = 5_000;
/** Rows that are kept: 130 characters of JSON at most for usual names, so the part stays below 48 KB. */
const mostRows = 256;
/** Longest set of criteria that has a row of its own, characters. */
const longestName = 48;

/**
 * One break in four hundred, with the weight of two hundred, before anything is known: a commit is then taken, since
 * the end of a committed answer is always seen, and a single early break holds the next commits back.
 */
const prior = { held: 199.5, broke: 0.5 };
/**
 * Of a schema a prefix shows the names and not yet the values: one break in forty, with the weight of twenty. A commit is
 * taken once some hundred such answers were seen to hold.
 */
const schemaPrior = { held: 19.5, broke: 0.5 };
/** A bidder's own record stands on what all of them show, with the weight of so many observations. */
const borrowed = 300;
/** Standard deviations (of a count) above its mean at which a risk is read. */
const caution = 1.64;

/** Quarter of the answer that a prefix reaches: 0 to 3; the last for all beyond. Both in tokens. */
export const quarterOf = (tokens: number, expectedTokens: number): number =>
  Math.min(quarters - 1, Math.floor((quarters * tokens) / Math.max(1, expectedTokens)));

/** Name of a set of criteria types, as rows have it. "": nothing can break, and no row is needed. */
export const criteriaName = (types: readonly string[]): string => {
  const name = [...new Set(types)].sort().join("+");
  return name.length <= longestName ? name : "many";
};

/**
 * The risk that an accepted prefix is rejected as a whole: Gamma-Poisson counts, the bidder's own on a prior of all
 * bidders' in this kind, criteria and quarter, those on what is assumed of such criteria; read `caution` deviations above the mean.
 */
export function breakRiskOf(
  breaks: BreaksState | undefined,
  prefix: { kind: Kind; criteria: string; bidder: string; quarter: number },
  nowMs: number,
): BreakRisk {
  const { criteria, quarter } = prefix;
  if (criteria === "") return { chance: 0, seen: 0, broke: 0, criteria, quarter };
  const all = countsOf(breaks, prefix, "", nowMs);
  const own = countsOf(breaks, prefix, prefix.bidder, nowMs);
  const before = criteria.split("+").includes("schema") ? schemaPrior : prior;
  const share = (before.broke + all.broke) / (before.held + before.broke + all.held + all.broke);
  const broke = borrowed * share + own.broke;
  const seen = borrowed + own.held + own.broke;
  const chance = Math.min(1, (broke + caution * Math.sqrt(broke)) / seen);
  return { chance: short(chance), seen: round(all.held + all.broke), broke: round(all.broke), criteria, quarter };
}

/** The part of one kind: all that a job of that kind reads. The rows are shared, not copied. */
export const breaksOf = ({ version, landmarkMs, rows }: BreaksState, kind: Kind): BreaksState => ({
  version,
  landmarkMs,
  rows: rows.filter((row) => row.kind === kind),
});

/** Folds what became of a microtask's accepted prefixes, in place. Reports out of range are skipped. */
export function learnBreaks(breaks: BreaksState, kind: Kind, reports: readonly PrefixReport[], nowMs: number): void {
  rebase(breaks, nowMs);
  const g = growth(breaks, nowMs);
  for (const { bidder, criteria, quarter, held, weight } of reports) {
    if (criteria === "" || !(weight > 0 && weight <= 1) || !(quarter >= 0 && quarter < quarters)) continue;
    for (const who of ["", bidder]) {
      const row = rowFor(breaks, kind, criteria, who);
      const at = 2 * Math.floor(quarter);
      const [h, b] = [row.counts[at] ?? 0, row.counts[at + 1] ?? 0];
      const after = { held: h + (held ? weight * g : 0), broke: b + (held ? 0 : weight * g) };
      const fade = Math.min(1, (heaviest * g) / (after.held + after.broke));
      row.counts[at] = round(after.held * fade);
      row.counts[at + 1] = round(after.broke * fade);
    }
  }
  while (breaks.rows.length > mostRows) forgetLeast(breaks.rows);
}

/** What was seen of prefixes like these of one bidder ("": of all), as it weighs now. */
export function countsOf(
  breaks: BreaksState | undefined,
  { kind, criteria, quarter }: Pick<BreakRow, "kind" | "criteria"> & { quarter: number },
  bidder: string,
  nowMs: number,
): { held: number; broke: number } {
  const row = breaks?.rows.find((r) => r.kind === kind && r.criteria === criteria && r.bidder === bidder);
  if (breaks === undefined || row === undefined) return { held: 0, broke: 0 };
  const g = growth(breaks, nowMs);
  return { held: (row.counts[2 * quarter] ?? 0) / g, broke: (row.counts[2 * quarter + 1] ?? 0) / g };
}

function rowFor(breaks: BreaksState, kind: Kind, criteria: string, bidder: string): BreakRow {
  const known = breaks.rows.find((r) => r.kind === kind && r.criteria === criteria && r.bidder === bidder);
  if (known !== undefined) return known;
  const fresh: BreakRow = { kind, criteria, bidder, counts: Array.from({ length: 2 * quarters }, () => 0) };
  breaks.rows.push(fresh);
  return fresh;
}

/** The least observed goes; the newest is spared, or none could ever come in. */
function forgetLeast(rows: BreakRow[]): void {
  let least = 0;
  for (let i = 1; i < rows.length - 2; i++) if (evidence(rows[i]) < evidence(rows[least])) least = i;
  rows.splice(least, 1);
}

const evidence = (row: BreakRow | undefined): number => (row?.counts ?? []).reduce((sum, x) => sum + x, 0);

/** Moves the landmark when weights grew past two-fold, as the other parts do (forgetting.ts). */
function rebase(breaks: BreaksState, nowMs: number): void {
  const g = breaks.landmarkMs === 0 ? 1 : growth(breaks, nowMs);
  if (breaks.landmarkMs !== 0 && g < 2) return;
  breaks.landmarkMs = nowMs;
  if (g === 1) return;
  for (const row of breaks.rows) row.counts = row.counts.map((x) => round(x / g));
}

const round = (x: number): number => Math.round(x * 100) / 100;
const short = (x: number): number => Math.round(x * 1e5) / 1e5;
