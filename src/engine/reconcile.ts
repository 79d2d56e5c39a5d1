import type { Refusal } from "../error.ts";
import { attemptOf } from "../job/evolve.ts";
import { costOf, type Usage } from "../money/price.ts";
import type { Run } from "./run.ts";

/**
 * Puts the provider's own record in the place of a cost that was counted or bounded: once an attempt, after the job has
 * ended. A charge that was made stays as it was. null: done.
 */
export function reconcileCost(run: Run, attemptId: string, usage: Usage): Refusal | null {
  const attempt = attemptOf(run.job, attemptId);
  if (attempt === undefined)
    return { code: "not-found", field: "attempt", message: "The job has no such attempt. Its ledger names them." };
  if (run.job.status === "running" || attempt.status === "running")
    return { code: "conflict", message: "The job still runs; reconcile it when it has ended." };
  if (attempt.reconciled || attempt.usage?.source === "provider")
    return { code: "conflict", field: "attempt", message: "This attempt's cost is the provider's own record already." };
  if (attempt.price === null)
    return { code: "conflict", field: "attempt", message: "The log has no price for this attempt." };
  const record: Usage = { ...usage, source: "provider" };
  run.record({
    type: "cost-reconciled",
    microtask: attempt.microtask,
    attempt: attempt.id,
    usage: record,
    wasNano: attempt.costNano,
    costNano: costOf(attempt.price, record),
  });
  return null;
}
