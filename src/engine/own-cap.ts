import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { Bidder } from "../market/bidder.ts";
import type { Microtask } from "../plan/microtask.ts";
import { isShort, outputTokens } from "../plan/output-tokens.ts";
import { ModelFailure } from "../race/model-port.ts";
import { isAnswerPart } from "./answer-part.ts";

/** Any bidder's own limit is below this. */
const unlimited = 1_000_000;
/** What is asked for at first of text that is shown as it comes, when less than all is, in usual answers. */
const shownAnswers = 4;
/** A prompt's tokens are an estimate; a call that asks for more than its model's window holds is refused. */
const promptSlack = 1.2;
const leastOutput = 256;

/** Output tokens an answer may have, whoever writes it: the caller's cap; where there is none, a short kind's. */
export const answerCap = ({ maxOutputTokens, kind }: Microtask): number =>
  maxOutputTokens ?? (isShort(kind) ? outputTokens[kind] : unlimited);

/** The same of one bidder, within its own limit and what its context has room for beside the prompt. */
export function allowedTokens(task: Microtask, bidder: Bidder | undefined, inputTokens: number): number {
  if (bidder === undefined) return Math.min(answerCap(task), outputTokens[task.kind]);
  const thinking = bidder.reasoningTokens ?? 0;
  const room = Math.max(leastOutput, bidder.contextTokens - thinking - Math.ceil(promptSlack * inputTokens));
  return Math.min(answerCap(task), bidder.maxOutputTokens, room);
}

/**
 * What a call asks for at first: all that is allowed, unless that must be set aside (a budget, or a bill that a cut
 * does not stop): then what is usual, and more only of text that is shown as it comes, since it cannot be taken back.
 */
export function firstTokens(
  job: Job,
  task: Microtask,
  bidder: Bidder | undefined,
  inputTokens: number,
  budgeted: boolean = job.leasedNano !== null || job.request.budgetNano !== null,
): number {
  const allowed = allowedTokens(task, bidder, inputTokens);
  if (task.maxOutputTokens !== undefined || (!budgeted && bidder?.cancelStopsBill === true)) return allowed;
  return Math.min(allowed, outputTokens[task.kind] * (isShown(job, task) ? shownAnswers : 1));
}

/** Is its text shown as it comes? */
export const isShown = (job: Job, task: Microtask): boolean => {
  const microtask = job.microtasks.find((m) => m.task.id === task.id);
  return job.request.delivery === "live" && microtask !== undefined && isAnswerPart(job, microtask);
};

/**
 * Why an answer that hit its cap is none: the cap was Atomic's own, usual, learned or cut by money, below what the
 * caller allows. null: the caller's cap or the bidder's own limit cut it, and that is an answer, if a short one.
 */
export function cutShort(microtask: MicrotaskState, attempt: Attempt, bidder: Bidder | undefined): ModelFailure | null {
  if (attempt.role === "judge") return null;
  const allowed = allowedTokens(microtask.task, bidder, attempt.inputTokens);
  const most = Math.max(1, allowed - (attempt.continues?.tokens ?? 0));
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
