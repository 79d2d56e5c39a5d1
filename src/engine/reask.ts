import type { Attempt, MicrotaskState } from "../job/job.ts";

/**
 * The attempt whose answer broke the schema and nothing else: the same bidder is shown its errors once before the race
 * moves on. Its place counts as running meanwhile. null: there is none, or it had its second chance.
 */
export function owedReask(microtask: MicrotaskState): Attempt | null {
  if (microtask.task.contract.schema === undefined) return null;
  if (microtask.attempts.some((a) => a.role === "reask" && a.status !== "orphaned")) return null;
  if (microtask.refused.some((r) => r.role === "reask")) return null;
  return microtask.attempts.find((a) => (a.role === "leader" || a.role === "fallback") && brokeSchemaOnly(a)) ?? null;
}

function brokeSchemaOnly(attempt: Attempt): boolean {
  // Specialists in this process do not read errors.
  if (attempt.bidder.startsWith("embedded/") || attempt.status === "failed" || attempt.status === "orphaned")
    return false;
  const verdict = attempt.wholeVerdict ?? attempt.prefixVerdict;
  return (
    verdict?.result === "reject" && verdict.criteria.every((c) => c.result !== "reject" || c.criterion === "schema")
  );
}

/** What was wrong, in the verdict's own words. */
export function schemaErrors(attempt: Attempt): { path: string; message: string }[] {
  const verdict = attempt.wholeVerdict ?? attempt.prefixVerdict;
  return (verdict?.criteria ?? []).filter((c) => c.result === "reject").map((c) => ({ path: "", message: c.evidence }));
}
