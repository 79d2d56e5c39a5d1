import type { Attempt, MicrotaskState } from "../job/job.ts";
import { emptyContract } from "../plan/contract.ts";
import { savedBy } from "../race/accounting.ts";
import type { Saving } from "../race/race-event.ts";
import { type UncutEvidence, uncutLength, type WinnerLength } from "../race/uncut.ts";
import { longestAnswer } from "./longest-answer.ts";
import { expectedOutput } from "./outlook.ts";

/** What is known, when an attempt is cut, of how long it would have been: its bid, its bounds, a winner before it. */
export function uncutEvidence(
  microtask: MicrotaskState | undefined,
  attempt: Attempt,
  live: { text: string; tokens: number },
  maxOutputTokens: number,
): UncutEvidence {
  if (microtask === undefined) return { expectedTokens: 0, boundTokens: maxOutputTokens, winner: null };
  const expectedTokens = expectedOutput(microtask, attempt);
  // A judge's words are held to no contract, and are no answer to it.
  if (attempt.role === "judge") return { expectedTokens, boundTokens: maxOutputTokens, winner: null };
  const { contract, tools } = microtask.task;
  const given = attempt.continues?.tokens ?? 0;
  // A call may be longer than its answer's text may.
  const longest = longestAnswer(tools === undefined ? contract : emptyContract, live.text, live.tokens + given) - given;
  const winner = microtask.attempts.find((a) => a.id === microtask.joined?.attempt);
  return {
    expectedTokens,
    boundTokens: Math.min(maxOutputTokens, longest),
    winner: winnerLength(microtask, winner),
  };
}

/** The length of a complete answer, as evidence of what others would have sent; null: it tells nothing of lengths. */
export function winnerLength(microtask: MicrotaskState, winner: Attempt | undefined): WinnerLength | null {
  if (winner?.status !== "complete" || winner.usage === null) return null;
  const { outputTokens, n } =
    microtask.decisions[winner.round - 1]?.bids.find((b) => b.bidder === winner.bidder)?.reasons ?? {};
  if (typeof outputTokens !== "number" || typeof n !== "number") return null;
  const tokens = winner.usage.output + (winner.continues?.tokens ?? 0);
  return { tokens, expectedTokens: outputTokens, outcomes: n };
}

/**
 * What the cuts before a join saved, now that the winner's length is known: the last word on them, for what is cut
 * after it knew the winner. Cuts of logs that did not keep their bound stay as they were.
 */
export function savingsAtJoin(microtask: MicrotaskState, winnerId: string): Saving[] {
  const winner = winnerLength(
    microtask,
    microtask.attempts.find((a) => a.id === winnerId),
  );
  if (winner === null) return [];
  return microtask.attempts.flatMap((a) => {
    if (a.status !== "cancelled" || a.role === "judge" || a.uncut === null) return [];
    const { usage, price, cut } = a;
    if (usage === null || price === null || cut === null) return [];
    const { boundTokens } = a.uncut;
    const evidence = { expectedTokens: expectedOutput(microtask, a), boundTokens, winner };
    const uncut = uncutLength(evidence, cut.tokensSeen);
    return [{ attempt: a.id, uncut, ...savedBy(uncut.tokens, price, usage) }];
  });
}
