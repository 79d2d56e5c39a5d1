import type { Bidder } from "./bidder.ts";
import { exponential, logarithm, steps, within } from "./elementary.ts";
import { normalCdf, normalDensity } from "./normal.ts";
import type { AttemptReport } from "./settlement.ts";
import type { Row, SharedRow } from "./state.ts";
import { blend, usualOutput } from "./tokens.ts";

const memory = 300;
/** Observations the declared speed of a bidder is worth, and its log standard deviation. */
const declared = 4;
const firstSpread = 0.5;

/** Times expected of one call, ms; `p95`: 95 of 100 are shorter. */
export interface Times {
  firstTokenMs: { p50: number; p95: number };
  totalMs: { p50: number; p95: number };
  /** Log standard deviation of the total. */
  spread: number;
}

/**
 * Log-normal first-token and total time of a call of `output` tokens, with what queueing at a full bidder adds. Totals
 * are measured over all of a kind: where longer answers than usual are expected they take longer by its first token and
 * pace.
 */
export function expectedTimes(
  bidder: Bidder,
  shared: Pick<SharedRow, "first" | "pace"> | undefined,
  row: (Pick<Row, "total"> & Partial<Pick<Row, "tokens">>) | undefined,
  output: number,
  load: number,
  queueMs = 0,
): Times {
  const seen = shared?.first[0] ?? 0;
  const prior = logarithm(Math.max(0.01, bidder.expected.firstTokenMs));
  const firstLog = ((shared?.first[1] ?? 0) * seen + prior * declared) / (seen + declared);
  const firstVariance = varianceOf(shared?.first ?? [0, 0, 0]);
  const first = exponential(firstLog);
  const paced = shared?.pace[0] ?? 0;
  const paceLog =
    ((shared?.pace[1] ?? 0) * paced + logarithm(1000 / Math.max(0.01, bidder.expected.tokensPerSecond)) * declared) /
    (paced + declared);
  const pace = exponential(paceLog);
  const builtLog = (tokens: number) => logarithm(Math.max(0.01, first + tokens * pace));
  const built = builtLog(output);
  const n = row?.total[0] ?? 0;
  const longer = n > 0 && row?.tokens ? built - builtLog(usualOutput(row.tokens) ?? output) : 0;
  const totalLog = (((row?.total[1] ?? 0) + longer) * n + built * declared) / (n + declared);
  const totalVariance = varianceOf(row?.total ?? [0, 0, 0]);
  const total = exponential(totalLog);
  const waiting = Math.max(
    queueMs,
    bidder.concurrency !== null && load >= bidder.concurrency
      ? ((load - bidder.concurrency + 1) / bidder.concurrency) * total
      : 0,
  );
  const spread = Math.sqrt(totalVariance);
  const tenth = (ms: number) => (ms < 1000 ? steps(ms, 10) : Math.round(ms));
  return {
    firstTokenMs: {
      p50: tenth(first + waiting),
      p95: tenth(first * exponential(1.645 * Math.sqrt(firstVariance)) + waiting),
    },
    totalMs: { p50: tenth(total + waiting), p95: tenth(total * exponential(1.645 * spread) + waiting) },
    spread,
  };
}

/** P(done within `ms`). */
export function inTime(times: Times, ms: number): number {
  if (ms <= 0) return 0;
  return normalCdf(logarithm(ms / Math.max(0.01, times.totalMs.p50)) / Math.max(0.05, times.spread));
}

/**
 * Folds measured times. A call that was cut tells only that it would have taken longer, of its total and, if it was
 * silent, of its first token: leaving such waits out makes those look quickest whose longest waits are always cut.
 */
export function learnTimes(
  shared: Pick<SharedRow, "first" | "pace">,
  row: Pick<Row, "total">,
  report: Pick<AttemptReport, "timed" | "firstTokenMs" | "totalMs" | "outputTokens" | "failure" | "censored">,
): void {
  if (!report.timed) return;
  if (report.firstTokenMs !== null && report.firstTokenMs > 0) {
    const x = logarithm(report.firstTokenMs);
    shared.first[1] = blend(shared.first[1], shared.first[0], x);
    shared.first[2] = blend(shared.first[2], shared.first[0], x * x);
    shared.first[0] = Math.min(memory, shared.first[0] + 1);
    const streaming = report.totalMs - report.firstTokenMs;
    if (report.outputTokens > 4 && streaming > 0) {
      shared.pace[1] = blend(shared.pace[1], shared.pace[0], logarithm(streaming / report.outputTokens));
      shared.pace[0] = Math.min(memory, shared.pace[0] + 1);
    }
  }
  const silentMs = report.firstTokenMs === null ? report.totalMs : 0;
  if (silentMs > 0 && (report.failure === null ? report.censored : report.failure === "first-token-timeout"))
    learnSilence(shared.first, silentMs);
  if (!(report.totalMs > 0) || report.failure !== null) return;
  let x = logarithm(report.totalMs);
  if (report.censored) {
    if (row.total[0] < 1 || x < row.total[1]) return;
    // Mean excess of a log-normal beyond its cut, about half a spread (Tobit, one step).
    x += 0.25;
  }
  row.total[1] = blend(row.total[1], row.total[0], x);
  row.total[2] = blend(row.total[2], row.total[0], x * x);
  row.total[0] = Math.min(memory, row.total[0] + 1);
}

/**
 * A first token had not come after `ms`: its logarithm and square count as their means beyond that under what is
 * believed so far (a step of EM for censored normal data; Dempster, Laird, Rubin 1977). Before the first one that came
 * there is nothing to judge by.
 */
function learnSilence(first: SharedRow["first"], ms: number): void {
  const [seen, mean, square] = first;
  if (seen < 1) return;
  const variance = varianceOf(first);
  const spread = Math.sqrt(variance);
  const cut = logarithm(ms);
  const z = (cut - mean) / spread;
  // The density over what is left beyond; far out it is z + 1/z to within 1 %.
  const hazard = z > 4 ? z + 1 / z : normalDensity(z) / normalCdf(-z);
  first[1] = blend(mean, seen, mean + spread * hazard);
  first[2] = blend(square, seen, mean * mean + variance + spread * (cut + mean) * hazard);
  first[0] = Math.min(memory, seen + 1);
}

/** Log variance of times seen, with the declared spread's share. */
const varianceOf = ([seen, mean, square]: SharedRow["first"]): number =>
  ((seen > 0 ? within(square - mean ** 2, 0, 4) : 0) * seen + firstSpread * firstSpread * declared) / (seen + declared);
