import type { Refusal } from "../error.ts";
import { isRejected } from "../job/evolve.ts";
import type { MicrotaskState } from "../job/job.ts";
import type { FailureReason } from "../market/settlement.ts";

type Failure = { code: "not-accepted" | "bidders-failed" | "invalid-request" } & Pick<Refusal, "reason">;

/** Said by a model or its provider of what was asked, and billed: another try is paid for and hears the same. */
const declined: ReadonlySet<FailureReason | null> = new Set<FailureReason>(["refused", "content-filter"]);

/** What it means that all who were tried gave no answer. Where each says that the request is wrong, no retry mends it. */
export function failureOf(microtask: MicrotaskState): Failure {
  const tried = microtask.attempts.filter((a) => a.role !== "judge");
  if (tried.some(isRejected)) return { code: "not-accepted" };
  if (tried.length > 0 && tried.every((a) => declined.has(a.failure)))
    return { code: "not-accepted", reason: "refused" };
  // Calls that broke off when they had begun are billed, and so is another try.
  if (tried.some((a) => a.costNano > 0)) return { code: "bidders-failed", reason: "paid" };
  if (tried.length === 0 || tried.some((a) => a.fault === null)) return { code: "bidders-failed" };
  const tooLong = tried.every((a) => a.fault === "too-long");
  return { code: "invalid-request", reason: tooLong ? "context-length" : "refused-by-providers" };
}
