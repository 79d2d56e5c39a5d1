import { logarithm } from "./elementary.ts";

/** What the choice of a hedge or fall-back reads of a bid. All of it is in the decision's event. */
export interface FollowerBid {
  /** Calibrated P(accepted) under the belief about the input, 0 to 1. */
  accept: { mean: number };
  costNano: number;
  firstTokenMs: { p95: number };
}

/** Model and provider of a bid, as numbers. */
export type Origin = readonly [model: number, provider: number];

/**
 * Exponent of price against the first token's p95. A hedge is bought against waiting and runs for one call in twenty at
 * most: a price counts less than a wait. A fall-back starts early or not at all and has time: they count alike.
 */
export const hedgePriceWeight = 0.35;
/** The same of a fall-back. */
export const fallbackPriceWeight = 1;
/**
 * Its answer may win the race, so it may be at most a tenth less likely to be accepted than the leader's. With hedges
 * for one call in twenty that is at most half a percent of what all answers are worth; speed buys no more.
 */
export const leastOfLeader = 0.9;
/** Failures of one model at two providers go together so many times as often as by chance: it counts as that much slower. */
const sameModel = 1.73;

/**
 * Who starts when the leader is silent, or has failed: the least product of the first token's p95 and cost ^ `weight`,
 * x 1.73 for the leader's own model, at another provider than the leader and those `taken`. `worthIt`: its answer is
 * worth its price and the budget has room. undefined: nobody. One pass over the bids; ties go to the lower index.
 */
export function followerFor(
  bids: readonly FollowerBid[],
  origins: (bid: number) => Origin,
  leader: number,
  taken: readonly number[],
  weight: number,
  worthIt: (bid: number) => boolean,
): number | undefined {
  const [model, provider] = origins(leader);
  const least = leastOfLeader * (bids[leader]?.accept.mean ?? 0);
  let best: number | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i];
    if (bid === undefined || i === leader || bid.accept.mean < least) continue;
    const [itsModel, itsProvider] = origins(i);
    if (itsProvider === provider || taken.some((j) => j === i || origins(j)[1] === itsProvider)) continue;
    // Below 1 ms and 1 nano-USD nothing is told apart: an embedded bidder is free and at once.
    const waitMs = Math.max(1, bid.firstTokenMs.p95) * (itsModel === model ? sameModel : 1);
    const score = logarithm(waitMs) + weight * logarithm(Math.max(1, bid.costNano));
    if (score >= bestScore || !worthIt(i)) continue;
    best = i;
    bestScore = score;
  }
  return best;
}
