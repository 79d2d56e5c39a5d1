import type { NanoUsd } from "../money/nano-usd.ts";
import { latencyStep, pacingStep, plainPacing } from "./pacing.ts";

/**
 * What a tenant's next job pays attention to: USD of score per USD of cost, and USD of score per second of waiting.
 * Moved by one primal-dual step a settled job (see market/pacing.ts), so that a month's cap lasts the month.
 */
export interface Pace {
  lambda: number;
  muUsdPerSecond: number;
}

export const firstPace: Pace = { ...plainPacing };

/** Least multiplier that is remembered: after a slack month the first short one is felt within ten jobs. */
const restLambda = 0.5;
const dayMs = 86_400_000;
/** So much of the month before stands beside this month's own count of jobs, ms. */
const memoryMs = 7 * dayMs;

/** A tenant's month as a step sees it, the settled job not yet counted. */
export interface MonthSoFar {
  capNano: NanoUsd | null;
  spentNano: NanoUsd;
  jobs: number;
  jobsBefore: number;
}

/** Bounds of the calendar month (UTC) that an epoch time in ms lies in, and length of the one before. */
function monthAround(ms: number): { startMs: number; endMs: number; beforeMs: number } {
  const at = new Date(ms);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const startMs = Date.UTC(year, month, 1);
  return { startMs, endMs: Date.UTC(year, month + 1, 1), beforeMs: startMs - Date.UTC(year, month - 1, 1) };
}

/** Jobs to expect until the month ends, at least 1: the rate of this month so far, and of a week of the one before. */
export function jobsAhead({ jobs, jobsBefore }: Pick<MonthSoFar, "jobs" | "jobsBefore">, nowMs: number): number {
  const { startMs, endMs, beforeMs } = monthAround(nowMs);
  const memory = jobsBefore > 0 ? memoryMs : 0;
  // A month's first minutes say little: its first day counts whole.
  const spanMs = memory + Math.max(nowMs - startMs, memory > 0 ? 0 : dayMs);
  const seen = jobs + 1 + (jobsBefore * memory) / beforeMs;
  return Math.max(1, (seen / spanMs) * (endMs - nowMs));
}

/** The pace after one job that cost `costNano` and took `tookMs`; null `objectiveMs`: time has its plain price. */
export function paceAfter(
  pace: Pace,
  job: { costNano: NanoUsd; tookMs: number | null },
  month: MonthSoFar,
  objectiveMs: number | null,
  nowMs: number,
): Pace {
  const { capNano, spentNano } = month;
  const allowed = capNano === null ? null : Math.max(1, (capNano - spentNano) / jobsAhead(month, nowMs));
  return {
    lambda:
      allowed === null ? plainPacing.lambda : Math.max(restLambda, pacingStep(pace.lambda, job.costNano, allowed)),
    muUsdPerSecond:
      objectiveMs === null
        ? plainPacing.muUsdPerSecond
        : job.tookMs === null
          ? pace.muUsdPerSecond
          : Math.max(plainPacing.muUsdPerSecond, latencyStep(pace.muUsdPerSecond, job.tookMs, objectiveMs)),
  };
}

/** What a job is told: a budget with room to spare makes a dollar no cheaper than a dollar. */
export const toldPace = (pace: Pace): Pace => ({ ...pace, lambda: Math.max(plainPacing.lambda, pace.lambda) });

export const isPlain = ({ lambda, muUsdPerSecond }: Pace): boolean =>
  lambda === plainPacing.lambda && muUsdPerSecond === plainPacing.muUsdPerSecond;
