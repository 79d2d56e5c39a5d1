import type { Attempt, MicrotaskState } from "../job/job.ts";

/** A generative answer that broke the schema is shown its errors once, by the same bidder, before the race moves on. */
export function owedReask(microtask: MicrotaskState): Attempt | null {
  if (microtask.task.contract.schema === undefined) return null;
  return (
    microtask.attempts.find(
      (a) =>
        a.status === "complete" &&
        (a.role === "leader" || a.role === "fallback") &&
        !a.bidder.startsWith("embedded/") &&
        a.wholeVerdict?.result === "reject" &&
        a.wholeVerdict.criteria.every((c) => c.result !== "reject" || c.criterion === "schema") &&
        !microtask.attempts.some((b) => b.role === "reask" && b.status !== "orphaned"),
    ) ?? null
  );
}
