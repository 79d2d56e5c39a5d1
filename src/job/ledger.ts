import type { LedgerEntry } from "../money/ledger.ts";
import type { Job } from "./job.ts";

/** A job's ledger: one cost an attempt, in order of start, then one charge an accepted microtask. A fold of its log. */
export function ledgerOf(job: Job): LedgerEntry[] {
  const costs = job.microtasks.flatMap((m) =>
    m.attempts.map((a): LedgerEntry => {
      const running = a.status === "running";
      return {
        key: `${job.id}/${a.id}`,
        type: "cost",
        microtask: m.task.id,
        attempt: a.id,
        bidder: a.bidder,
        role: a.role,
        status: a.status,
        known: running ? "reserved" : (a.usage?.source ?? "bounded"),
        reconciled: a.reconciled,
        priceFrom: a.price?.from ?? null,
        usage: a.usage,
        nano: running ? a.reservedNano : a.costNano,
        atMs: a.endedAtMs ?? a.startedAtMs,
      };
    }),
  );
  const charges = job.microtasks.flatMap((m): LedgerEntry[] =>
    m.charge === null
      ? []
      : [
          {
            key: `${job.id}/${m.task.id}/charge`,
            type: "charge",
            microtask: m.task.id,
            nano: m.charge.nano,
            atMs: m.charge.atMs,
          },
        ],
  );
  return [...costs, ...charges];
}
