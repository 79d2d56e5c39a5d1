import type { NanoUsd } from "../money/nano-usd.ts";
import { latencyStep, pacingStep, plainPacing } from "./pacing.ts";

/** What a tenant's next job pays attention to: USD of score per USD of cost, and USD of score per second of waiting. */
export interface Pace {
  lambda: number;
  muUsdPerSecond: number;
}

/**
 * A tenant's pace and how often its jobs come, moved by one primal-dual step a settled job (see pacing.ts), so that a
 * month's cap lasts the month. `jobs` and `spanMs` fade with a week: jobs seen, and the time they were seen in.
 */
export interface PaceState extends Pace {
  jobs: number;
  spanMs: number;
  atMs: number;
}

/** Least multiplier that is remembered: after a slack month the first short one is felt within ten jobs. */
const restLambda = 0.5;
/** Most that a second of waiting is priced at: an objective that nobody can meet must not take months to unlearn. */
const mostMu = 1;
/** A job that took more than this many times its objective says no more than one that took so long. */
const mostOver = 4;
const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** Steps are halved at so many jobs that run, or end before a step is felt: a late controller must be a gentle one. */
const usualInFlight = 10;
/** A pace is so old at most where it is used, ms: what lies in a Worker's purse. */
const staleMs = 30_000;

/** Of a tenant whose jobs were never paced. */
export const firstPace: PaceState = { ...plainPacing, jobs: 0, spanMs: 0, atMs: 0 };

/** A tenant's month as a step sees it, the settled job not yet counted. */
export interface MonthSoFar {
  capNano: NanoUsd | null;
  spentNano: NanoUsd;
  /** Jobs that run now. */
  running: number;
}

/** One number a calendar month (UTC). */
const monthOf = (ms: number): number => {
  const at = new Date(ms);
  return 12 * at.getUTCFullYear() + at.getUTCMonth();
};

/** End of the calendar month (UTC) that an epoch time in ms lies in. */
function endOfMonth(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}

/** One more job at `nowMs`. Mutates nothing. */
function counted({ jobs, spanMs, atMs }: PaceState, nowMs: number): Pick<PaceState, "jobs" | "spanMs" | "atMs"> {
  const gapMs = atMs === 0 ? 0 : Math.max(0, nowMs - atMs);
  const kept = Math.exp(-gapMs / weekMs);
  return { jobs: jobs * kept + 1, spanMs: spanMs * kept + weekMs * (1 - kept), atMs: nowMs };
}

/** Jobs a ms. What was seen in less than a day is taken for a day's: first minutes say little. */
const rateOf = ({ jobs, spanMs }: Pick<PaceState, "jobs" | "spanMs">): number => jobs / Math.max(dayMs, spanMs);

/** Jobs to expect until the month ends, at least 1. */
export const jobsAhead = (seen: Pick<PaceState, "jobs" | "spanMs">, nowMs: number): number =>
  Math.max(1, rateOf(seen) * (endOfMonth(nowMs) - nowMs));

/** The pace after one job that cost `costNano` and took `tookMs`; null `objectiveMs`: time has its plain price. */
export function paceAfter(
  pace: PaceState,
  job: { costNano: NanoUsd; tookMs: number | null },
  { capNano, spentNano, running }: MonthSoFar,
  objectiveMs: number | null,
  nowMs: number,
): PaceState {
  const seen = counted(pace, nowMs);
  const gain = 1 / (1 + Math.max(running, rateOf(seen) * staleMs) / usualInFlight);
  const allowed = capNano === null ? null : Math.max(1, (capNano - spentNano) / jobsAhead(seen, nowMs));
  const { muUsdPerSecond } = pace;
  // A new month has its money whole: what the last days of the one before were short of says nothing of it.
  const isNewMonth = pace.atMs !== 0 && monthOf(pace.atMs) !== monthOf(nowMs);
  const lambda = isNewMonth ? Math.min(pace.lambda, plainPacing.lambda) : pace.lambda;
  const took = job.tookMs === null || objectiveMs === null ? null : Math.min(job.tookMs, mostOver * objectiveMs);
  return {
    ...seen,
    lambda:
      allowed === null ? plainPacing.lambda : Math.max(restLambda, pacingStep(lambda, job.costNano, allowed, gain)),
    muUsdPerSecond:
      objectiveMs === null
        ? plainPacing.muUsdPerSecond
        : took === null
          ? muUsdPerSecond
          : Math.min(
              mostMu,
              Math.max(plainPacing.muUsdPerSecond, latencyStep(muUsdPerSecond, took, objectiveMs, gain)),
            ),
  };
}

/** What a job is told: a budget with room to spare makes a dollar no cheaper than a dollar. */
export const toldPace = ({ lambda, muUsdPerSecond }: Pace): Pace => ({
  lambda: Math.max(plainPacing.lambda, lambda),
  muUsdPerSecond,
});

/** Nothing presses: a dollar is a dollar, and waiting weighs what it usually does. */
export const isPlain = ({ lambda, muUsdPerSecond }: Pace): boolean =>
  lambda === plainPacing.lambda && muUsdPerSecond === plainPacing.muUsdPerSecond;
