import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { JobEvent } from "../job/job-event.ts";
import { readCall } from "../output/read-call.ts";
import { isAnswerPart } from "./answer-part.ts";
import { holdAuction, roundsLeft, triedSentence } from "./auction.ts";
import { failureOf } from "./failure.ts";
import { readAs } from "./label.ts";
import { leaderChange } from "./leader.ts";
import type { Run } from "./run.ts";
import { savingsAtJoin } from "./savings.ts";

/** The race has a winner: its text, read as the contract's schema says, becomes the microtask's result. */
export function acceptAttempt(
  run: Run,
  microtaskId: string,
  attemptId: string,
  how: "first-pass" | "agreement" | "best-of" | "fusion" | "only-one-left",
): void {
  const microtask = microtaskOf(run.job, microtaskId);
  const attempt = attemptOf(run.job, attemptId);
  if (microtask === undefined || attempt === undefined) return;
  const events: JobEvent[] = [];
  // An answer that is taken although another's text was being shown, or none: its text is delivered whole.
  const live = run.job.request.delivery === "live" && isAnswerPart(run.job, microtask);
  if (live && microtask.leader !== attemptId) {
    const change = leaderChange(run, microtask, attemptId);
    if (change.policy === "fail") return run.record(...change.events);
    const offset = change.policy === "continue" ? (attempt.continues?.chars ?? 0) : 0;
    const text = attempt.text.slice(offset);
    events.push(...change.events);
    // An answer that only calls has nothing to show.
    if (text !== "" || microtask.leader !== null)
      events.push({ type: "text-streamed", microtask: microtaskId, attempt: attemptId, offset, text });
  }
  const { contract, tools } = microtask.task;
  const { schema } = contract;
  const calls = tools === undefined ? [] : attempt.calls.map((call) => readCall(call, tools));
  const reading =
    schema === undefined || calls.length > 0
      ? null
      : readAs(attempt.text, microtask.task, schema, attempt.finish ?? "stop");
  const savings = savingsAtJoin(microtask, attemptId);
  run.record(...events, {
    type: "microtask-joined",
    microtask: microtaskId,
    attempt: attemptId,
    how,
    text: attempt.text,
    value: reading?.ok ? reading.value : attempt.text,
    ...(calls.length === 0 ? {} : { calls: calls.map(({ call }) => call) }),
    repairs: reading?.ok ? reading.repairs : [...new Set(calls.flatMap(({ repairs }) => repairs))],
    criteria: attempt.wholeVerdict?.criteria ?? [],
    ...(savings.length === 0 ? {} : { savings }),
  });
}

/** A line-up is used up: another auction among those not tried, or the end of the microtask. */
export function giveUp(run: Run, microtaskId: string, why: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined) return;
  const { deadlineMs } = run.job.request;
  if (deadlineMs !== null && run.ports.nowMs() >= run.job.acceptedAtMs + deadlineMs)
    return run.record({ type: "microtask-failed", microtask: microtaskId, code: "deadline-exceeded", message: why });
  if (roundsLeft(microtask)) return holdAuction(run, microtaskId);
  run.record({
    type: "microtask-failed",
    microtask: microtaskId,
    ...failureOf(microtask),
    message: `No answer was accepted: ${triedSentence(microtask)}`.slice(0, 2000),
  });
}
