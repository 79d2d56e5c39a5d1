import type { Job } from "../job/job.ts";
import type { MoneyShortage } from "../money/money-event.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { Run } from "./run.ts";

/** After the tenant's budget said no, this long passes before it is asked again, ms. */
export const shortageMs = 5_000;
/** An opening waits so long for money that other jobs of the tenant hold; the deadline may be nearer. */
export const patienceMs = 30_000;
/** That a tenant has no cap is known for so long, ms: a job may run for days, and a cap be set meanwhile. */
const uncappedMs = 60_000;
/** Between two tries when the tenant's object does not answer, ms. */
const retryMs = 1_000;

/**
 * nano: so much may be spent on this start. "asked": the tenant's budget was asked for more; the start comes up again
 * when it has answered. shortage: it may not start.
 */
export type Funding = { nano: NanoUsd } | "asked" | { shortage: MoneyShortage; leftNano: NanoUsd };

/** Spent, and what running attempts may still cost. */
export function committedNano(job: Job): NanoUsd {
  let sum = job.costNano;
  for (const m of job.microtasks) for (const a of m.attempts) if (a.status === "running") sum += a.reservedNano;
  return sum;
}

/** What is left of the job's own budget and, when its tenant is short, of what that would lend; null: no limit. */
export function leftNano(job: Job, nowMs: number): NanoUsd | null {
  const own = job.request.budgetNano;
  const lent = job.leasedNano === null ? null : mostLentNano(job, nowMs);
  if (own === null && lent === null) return null;
  const cap = Math.min(own ?? Number.POSITIVE_INFINITY, lent ?? Number.POSITIVE_INFINITY);
  return Math.max(0, cap - committedNano(job));
}

/** So much a tenant that is short would lend the job in all, or has; null: it is not known to be short. */
const mostLentNano = ({ shortage }: Job, nowMs: number): NanoUsd | null =>
  shortage !== null && nowMs < shortage.atMs + shortageMs ? shortage.mostNano : null;

/**
 * Money for one more start: `needNano` if it can be had, else not less than `leastNano`. Checked before every call of
 * a provider, whatever its role; a job of a capped tenant borrows in waves, as its starts come up. `waits`: nothing
 * else can go on, so the tenant's budget may let the job wait for what other jobs hold.
 */
export function fundsFor(run: Run, needNano: NanoUsd, leastNano: NanoUsd, waits: boolean): Funding {
  const { job } = run;
  const committed = committedNano(job);
  const own = (job.request.budgetNano ?? Number.POSITIVE_INFINITY) - committed;
  if (own < leastNano) return { shortage: "job-budget", leftNano: Math.max(0, own) };
  const want = Math.min(needNano, own);
  const nowMs = run.ports.nowMs();
  const lent = job.leasedNano === null ? lentUncapped(run, nowMs) : job.leasedNano - committed;
  if (lent >= want || needNano === 0) return { nano: want };
  if (run.asking) return "asked";
  const mostNano = mostLentNano(job, nowMs);
  // What was too little for a dearer call may do for this one. Each refusal tells of less, so this comes to an end.
  if (mostNano === null || (lent < leastNano && committed + leastNano <= mostNano)) {
    ask(run, committed + leastNano, committed + want, waits);
    return "asked";
  }
  if (lent >= leastNano) return { nano: lent };
  return { shortage: job.shortage?.why ?? "held", leftNano: Math.max(0, mostNano - committed) };
}

/**
 * What a job may spend that was lent nothing, since its tenant had no cap: all, or nothing before the budget has said
 * that this is still so. It is asked after a restart, after a wait, and now and then.
 */
function lentUncapped({ job, uncappedAtMs }: Run, nowMs: number): NanoUsd {
  const waited = job.microtasks.some((m) => m.waitingSinceMs > uncappedAtMs);
  return waited || nowMs - uncappedAtMs >= uncappedMs ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * A job that is about to wait, maybe for days, holds no more of its tenant's budget than it has spent. The log knows
 * first: nothing is started on what the tenant may have lent to somebody else by then.
 */
export function giveBackUnused(run: Run): void {
  const committed = committedNano(run.job);
  const { leasedNano } = run.job;
  if (run.asking || leasedNano === null || (leasedNano <= committed && !run.lentMore)) return;
  if (leasedNano > committed)
    run.record({ type: "budget-leased", totalNano: committed, askedNano: committed, shortage: null });
  // A write that failed has stopped the run: its successor may spend what the log still says the job holds.
  if (run.job.leasedNano !== committed) return;
  ask(run, committed, committed, false);
}

/** Asks the tenant's budget; its answer is an event, so that a restart neither forgets it nor borrows twice. */
function ask(run: Run, leastNano: NanoUsd, wantNano: NanoUsd, waits: boolean): void {
  run.asking = true;
  const { job, ports } = run;
  const deadlineAtMs =
    job.request.deadlineMs === null ? Number.POSITIVE_INFINITY : job.acceptedAtMs + job.request.deadlineMs;
  const waitMs = waits ? Math.max(0, Math.min(patienceMs, deadlineAtMs - ports.nowMs())) : 0;
  // The job may have come to rest meanwhile, and nothing that is written says so.
  const unwritten = () => {
    run.turn();
    ports.committed([]);
  };
  ports.lease(job, leastNano, wantNano, waitMs).then(
    ({ totalNano, shortage, mostNano, uncapped }) => {
      run.asking = false;
      run.lentMore = false;
      if (uncapped === true && job.leasedNano === null) {
        run.uncappedAtMs = ports.nowMs();
        return unwritten();
      }
      const most = mostNano === undefined ? {} : { mostNano };
      run.record({ type: "budget-leased", totalNano, askedNano: wantNano, shortage, ...most });
      run.turn();
    },
    () => {
      // It may have lent, and the answer was lost.
      run.lentMore = true;
      ports.after(retryMs, () => {
        run.asking = false;
        unwritten();
      });
    },
  );
}
