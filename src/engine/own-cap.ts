import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { Bidder } from "../market/bidder.ts";
import type { Microtask } from "../plan/microtask.ts";
import { outputTokens } from "../plan/output-tokens.ts";
import { ModelFailure } from "../race/model-port.ts";

/** Output tokens an answer may have: the caller's cap; where there is none, the kind's. */
export const allowedTokens = (task: Microtask): number => task.maxOutputTokens ?? outputTokens[task.kind];

/**
 * Why an answer that hit its cap is none: the cap was Atomic's own, learned or cut by money, below what the caller
 * allows. null: the caller's cap or the bidder's own limit cut it, and that is an answer, if a short one.
 */
export function cutShort(microtask: MicrotaskState, attempt: Attempt, bidder: Bidder | undefined): ModelFailure | null {
  if (attempt.role === "judge") return null;
  const rest = Math.max(1, allowedTokens(microtask.task) - (attempt.continues?.tokens ?? 0));
  const most = Math.min(rest, bidder?.maxOutputTokens ?? rest);
  const { maxOutputTokens } = attempt;
  if (maxOutputTokens >= most) return null;
  return new ModelFailure(
    "cut-short",
    `It did not fit in the ${maxOutputTokens} tokens that were asked of it, of ${most} allowed.`,
  );
}

/** An answer was cut short: from here on calls get all the output that is allowed, or are not made. */
export const owesFullCap = (microtask: MicrotaskState): boolean =>
  microtask.attempts.some((a) => a.failure === "cut-short");
