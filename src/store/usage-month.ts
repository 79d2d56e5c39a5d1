import type { JobSummary } from "../job/job-summary.ts";
import type { NanoUsd } from "../money/nano-usd.ts";

export interface TenantMonth {
  tenant: string;
  /** "2026-11", UTC: the month its tenant's books have the job in, else the one it ended in. */
  month: string;
  jobs: number;
  costNano: NanoUsd;
  savedNano: NanoUsd;
  savedTokens: number;
}

export type Booked = JobSummary & { month?: string | undefined };

/** The calendar month a job counts in. */
export const monthOf = (s: Booked): string =>
  s.month ?? new Date(s.endedAtMs ?? s.createdAtMs).toISOString().slice(0, 7);

/** Sums summaries by tenant and month. */
export function usageOf(summaries: readonly Booked[]): TenantMonth[] {
  const sums = new Map<string, TenantMonth>();
  for (const s of summaries) {
    const month = monthOf(s);
    const key = `${month} ${s.tenant}`;
    const sum = sums.get(key) ?? { tenant: s.tenant, month, jobs: 0, costNano: 0, savedNano: 0, savedTokens: 0 };
    sum.jobs += 1;
    sum.costNano += s.costNano;
    sum.savedNano += s.savedNano;
    sum.savedTokens += s.savedTokens;
    sums.set(key, sum);
  }
  return [...sums.values()];
}
