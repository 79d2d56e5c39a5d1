import type { AttemptReport, Settlement } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { JobSummary } from "./job-summary.ts";

/** Upper bounds of the bins of a duration, ms; the last bin is open. */
export const durationEndsMs = [
  100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000,
] as const;

/** How many durations fell into each bin, and their sum. */
export interface Durations {
  bins: number[];
  sumMs: number;
}

export type AttemptResult = "accepted" | "rejected" | "failed" | "cut" | "unknown";

export interface BidderCounters {
  results: Partial<Record<AttemptResult, number>>;
  /** By reason. */
  failures: Record<string, number>;
  costNano: NanoUsd;
  inputTokens: number;
  outputTokens: number;
  firstToken: Durations;
}

export interface TenantCounters {
  jobs: number;
  costNano: NanoUsd;
  savedNano: NanoUsd;
}

/** What has been settled since there was a market: sums that only grow, for an operator's graphs. Plain JSON, below 64 KB. */
export interface Counters {
  /** By "kind status via". */
  jobs: Record<string, number>;
  /** By kind. */
  durations: Record<string, Durations>;
  bidders: Record<string, BidderCounters>;
  tenants: Record<string, TenantCounters>;
}

/** Bidders, tenants and triples of a job that are told apart; more are counted together, under `others`. */
const most = { bidders: 80, tenants: 150, jobs: 150, kinds: 20 } as const;
export const others = "(others)";

export const noCounters = (): Counters => ({ jobs: {}, durations: {}, bidders: {}, tenants: {} });

/** The counters with what was settled now. Jobs and attempts are counted once, as messages are. Mutates. */
export function count(counters: Counters, ended: readonly JobSummary[], learned: readonly Settlement[]): Counters {
  for (const job of ended) countJob(counters, job);
  for (const settlement of learned) {
    // What feedback teaches of an attempt was counted when it ran.
    if (settlement.again === true || settlement.key.includes("/feedback/")) continue;
    for (const attempt of settlement.attempts) countAttempt(counters, attempt);
  }
  return withinBound(counters);
}

/** Characters of JSON that the counters may have: what is stored has room for 65,536. */
const longest = 60_000;

/** Where names are long, those with least are counted together, so that no batch is ever too large to be kept. Mutates. */
function withinBound(counters: Counters): Counters {
  const { bidders, tenants } = counters;
  if (Object.keys(bidders).length + Object.keys(tenants).length < 40) return counters;
  let length = JSON.stringify(counters).length;
  while (length > longest) {
    const before =
      JSON.stringify(bidders).length >= JSON.stringify(tenants).length ? foldBidder(bidders) : foldTenant(tenants);
    if (!before) return counters;
    length = JSON.stringify(counters).length;
  }
  return counters;
}

function foldTenant(tenants: Counters["tenants"]): boolean {
  const least = leastOf(tenants, ({ jobs }) => jobs);
  if (least === null) return false;
  const [name, its] = least;
  const all = entryOf(tenants, others, Number.POSITIVE_INFINITY, () => ({ jobs: 0, costNano: 0, savedNano: 0 }));
  all.jobs += its.jobs;
  all.costNano += its.costNano;
  all.savedNano += its.savedNano;
  return delete tenants[name];
}

function foldBidder(bidders: Counters["bidders"]): boolean {
  const least = leastOf(bidders, ({ results }) => Object.values(results).reduce((sum, n) => sum + n, 0));
  if (least === null) return false;
  const [name, its] = least;
  const all = entryOf<BidderCounters>(bidders, others, Number.POSITIVE_INFINITY, noAttempts);
  for (const [result, n] of Object.entries(its.results) as [AttemptResult, number][])
    all.results[result] = (all.results[result] ?? 0) + n;
  for (const [reason, n] of Object.entries(its.failures)) all.failures[reason] = (all.failures[reason] ?? 0) + n;
  all.costNano += its.costNano;
  all.inputTokens += its.inputTokens;
  all.outputTokens += its.outputTokens;
  all.firstToken.bins = all.firstToken.bins.map((n, i) => n + (its.firstToken.bins[i] ?? 0));
  all.firstToken.sumMs += its.firstToken.sumMs;
  return delete bidders[name];
}

function leastOf<T>(record: Record<string, T>, size: (of: T) => number): [string, T] | null {
  let least: [string, T] | null = null;
  for (const entry of Object.entries(record))
    if (entry[0] !== others && (least === null || size(entry[1]) < size(least[1]))) least = entry;
  return least;
}

function countJob({ jobs, durations, tenants }: Counters, job: JobSummary): void {
  const triple = placeIn(jobs, `${job.kind} ${job.status} ${job.via}`, most.jobs);
  jobs[triple] = (jobs[triple] ?? 0) + 1;
  if (job.endedAtMs !== null)
    addDuration(entryOf(durations, job.kind, most.kinds, noDurations), job.endedAtMs - job.createdAtMs);
  const tenant = entryOf(tenants, job.tenant, most.tenants, () => ({ jobs: 0, costNano: 0, savedNano: 0 }));
  tenant.jobs++;
  tenant.costNano += job.costNano;
  tenant.savedNano += job.savedNano;
}

function countAttempt({ bidders }: Counters, attempt: AttemptReport): void {
  const its = entryOf<BidderCounters>(bidders, attempt.bidder, most.bidders, noAttempts);
  const result = resultOf(attempt);
  its.results[result] = (its.results[result] ?? 0) + 1;
  if (attempt.failure !== null) its.failures[attempt.failure] = (its.failures[attempt.failure] ?? 0) + 1;
  its.costNano += attempt.costNano;
  its.inputTokens += attempt.inputTokens;
  its.outputTokens += attempt.outputTokens;
  if (attempt.timed && attempt.firstTokenMs !== null) addDuration(its.firstToken, attempt.firstTokenMs);
}

/** What an attempt came to, in one word. */
export function resultOf(
  attempt: Pick<AttemptReport, "outcome" | "failure" | "censored" | "unreadable">,
): AttemptResult {
  if (attempt.outcome !== null) return attempt.outcome.worth >= 0.5 ? "accepted" : "rejected";
  if (attempt.unreadable === true) return "rejected";
  if (attempt.failure !== null) return "failed";
  return attempt.censored ? "cut" : "unknown";
}

const noAttempts = (): BidderCounters => ({
  results: {},
  failures: {},
  costNano: 0,
  inputTokens: 0,
  outputTokens: 0,
  firstToken: noDurations(),
});

const noDurations = (): Durations => ({ bins: new Array<number>(durationEndsMs.length + 1).fill(0), sumMs: 0 });

function addDuration(durations: Durations, ms: number): void {
  const at = durationEndsMs.findIndex((end) => ms <= end);
  const bin = at < 0 ? durationEndsMs.length : at;
  durations.bins[bin] = (durations.bins[bin] ?? 0) + 1;
  durations.sumMs += Math.max(0, Math.round(ms));
}

const placeIn = (record: Record<string, unknown>, key: string, mostKeys: number): string =>
  Object.hasOwn(record, key) || Object.keys(record).length < mostKeys ? key : others;

function entryOf<T>(record: Record<string, T>, key: string, mostKeys: number, make: () => T): T {
  const place = placeIn(record, key, mostKeys);
  const entry = Object.hasOwn(record, place) ? (record[place] as T) : make();
  // A tenant may be called anything, "__proto__" too.
  Object.defineProperty(record, place, { value: entry, enumerable: true, writable: true, configurable: true });
  return entry;
}
