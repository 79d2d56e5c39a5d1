import { estimateTokens } from "../adapt/prompt.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { LengthForecast } from "../judge/projected-length.ts";
import type { MarketState } from "../market/market.ts";
import { lengthVariance } from "../market/tokens.ts";
import { tokensOf } from "./outlook.ts";
import { answerCap } from "./own-cap.ts";

/**
 * How long this bidder's answers are, for the projection of a finish over the cap: its bid's expectation, and the spread
 * of its lengths in the kind where the market has seen some (else what the market takes it to be), in code units at the
 * rate at which `input` is counted. The cap is the call's own or the contract's, whichever is less. null: no bid.
 */
export function lengthForecast(
  state: MarketState,
  microtask: MicrotaskState,
  attempt: Pick<Attempt, "bidder" | "round" | "maxOutputTokens" | "continues">,
  input: string,
): LengthForecast | null {
  const bid = microtask.decisions[attempt.round - 1]?.bids.find((b) => b.bidder === attempt.bidder);
  if (bid === undefined || typeof bid.reasons.outputTokens !== "number") return null;
  const { kind, contract } = microtask.task;
  const variance = lengthVariance(state.kinds[kind]?.rows.find((row) => row.bidder === attempt.bidder));
  const charsPerToken = Math.max(1, input.length / estimateTokens(input));
  const whole = Math.min(attempt.maxOutputTokens + (attempt.continues?.tokens ?? 0), answerCap(microtask.task));
  let cap = whole * charsPerToken;
  for (const criterion of contract.criteria)
    if (criterion.type === "length" && criterion.max !== undefined) cap = Math.min(cap, criterion.max);
  // A bid's expectation is a mean; that of a log-normal is exp(variance / 2) times its median.
  const median = (tokensOf(bid) / Math.exp(variance / 2)) * charsPerToken;
  return { median, sdLog: Math.sqrt(Math.max(variance, leastVariance)), cap };
}

/** Lengths that were all the same do not prove that the next one will be. */
const leastVariance = 0.01;
