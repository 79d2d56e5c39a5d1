import { microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { Bidder } from "../market/bidder.ts";
import type { ModelFailure, Timeouts } from "../race/model-port.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import type { Run } from "./run.ts";
import { bidderNamed } from "./scene.ts";

/** Time-outs of a short call in ms; the job's deadline shortens the last. Local servers load a model on their first call. */
export const timeouts: Timeouts = {
  connectMs: 15_000,
  firstTokenMs: 30_000,
  betweenTokensMs: 20_000,
  totalMs: 180_000,
};
const localFirstTokenMs = 120_000;
/** A long answer may take so long. One that hangs is noticed by the time between its tokens. */
const longestTotalMs = 900_000;
/** What thinking, which most providers do not show, and writing may take, in times of what the declared speed makes of them. */
const slowThinking = 2;
const slowWriting = 4;
/** An auditor's call ends within this, ms: nobody waits for it, and the job's settlement does. */
const longestAuditMs = 60_000;

/** A call's time-outs from now on: it has its place and its slot, and what is left of the deadline. */
export function timeoutsFor(run: Run, attempt: Attempt): Timeouts {
  const limits = run.ports.timeouts ?? longEnough(timeouts, bidderNamed(run.ports, attempt.bidder), attempt);
  const { deadlineMs } = run.job.request;
  // An audit begins when the job has ended, maybe because of its deadline.
  if (attempt.audits !== null) return { ...limits, totalMs: Math.min(limits.totalMs, longestAuditMs) };
  if (deadlineMs === null) return limits;
  const left = run.job.acceptedAtMs + deadlineMs - run.ports.nowMs();
  return { ...limits, totalMs: Math.max(1, Math.min(limits.totalMs, left)) };
}

/** What a call is given that may think and write so much, at the speed that its bidder declares. */
export function longEnough(
  limits: Timeouts,
  bidder: Pick<Bidder, "region" | "reasoningTokens" | "expected"> | undefined,
  { maxOutputTokens }: Pick<Attempt, "maxOutputTokens">,
): Timeouts {
  if (bidder === undefined) return limits;
  const tokenMs = 1000 / Math.max(1, bidder.expected.tokensPerSecond);
  const silentMs = bidder.region === "local" ? Math.max(limits.firstTokenMs, localFirstTokenMs) : limits.firstTokenMs;
  const firstTokenMs = Math.min(longestTotalMs, silentMs + slowThinking * (bidder.reasoningTokens ?? 0) * tokenMs);
  const wholeMs = Math.min(longestTotalMs, firstTokenMs + slowWriting * maxOutputTokens * tokenMs);
  return { ...limits, firstTokenMs, totalMs: Math.max(limits.totalMs, wholeMs) };
}

/**
 * The job's deadline ended this call before it had the time that its bid said 95 of 100 calls take. Its caller was in haste:
 * that is no failure of its bidder, which would be held against it in everybody's jobs.
 */
export function endedByDeadline(run: Run, attempt: Attempt, live: LiveAttempt, failure: ModelFailure): boolean {
  const { deadlineMs } = run.job.request;
  const nowMs = run.ports.nowMs();
  if (failure.reason !== "total-timeout" || deadlineMs === null || attempt.audits !== null) return false;
  if (nowMs < run.job.acceptedAtMs + deadlineMs) return false;
  const decision = microtaskOf(run.job, attempt.microtask)?.decisions[attempt.round - 1];
  const bid = decision?.bids.find((one) => one.bidder === attempt.bidder);
  const said = live.firstTokenAtMs === null ? bid?.firstTokenMs : bid?.totalMs;
  return said === undefined || nowMs - (live.calledAtMs ?? nowMs) < said.p95;
}
