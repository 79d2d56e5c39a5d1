import { logarithm } from "./elementary.ts";

/** What the choice of a hedge reads of a bid. All of it is in the decision's event. */
export interface HedgeBid {
  /** Calibrated P(accepted) under the belief about the input, 0 to 1. */
  accept: { mean: number };
  costNano: number;
  firstTokenMs: { p95: number };
}

/** Model and provider of a bid, as numbers. */
export type Origin = readonly [model: number, provider: number];

/**
 * Exponent of price in the choice. Waiting is what a hedge is bought against, and it runs for one call in twenty at
 * most, so that a price counts less than a wait: figures of 0, 0.2 and 0.35 are in docs/hedging.md.
 */
const priceWeight = 0.35;
/**
 * A hedge's answer may win the race, so it may be at most a tenth less likely to be accepted than the leader's. With
 * hedges for one call in twenty that is at most half a percent of what all answers are worth; speed buys no more.
 */
export const leastOfLeader = 0.9;

/**
 * Who starts when the leader is silent: the least product of the first token's p95 and cost^0.35, at another provider
 * than the leader and those `taken`, of another model than the leader's if there is one (failures of one model at two
 * providers go together 1.73 times as often as by chance). `worthIt`: its answer is worth its price and the budget has
 * room. undefined: nobody. One pass over the bids; ties go to the lower index.
 */
export function hedgeFor(
  bids: readonly HedgeBid[],
  origins: (bid: number) => Origin,
  leader: number,
  taken: readonly number[],
  worthIt: (bid: number) => boolean,
): number | undefined {
  const [model, provider] = origins(leader);
  const least = leastOfLeader * (bids[leader]?.accept.mean ?? 0);
  let best: number | undefined;
  let bestAlike = true;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i];
    if (bid === undefined || i === leader || bid.accept.mean < least) continue;
    const [itsModel, itsProvider] = origins(i);
    if (itsProvider === provider || taken.some((j) => j === i || origins(j)[1] === itsProvider)) continue;
    const alike = itsModel === model;
    if (alike && !bestAlike) continue;
    // Below 1 ms and 1 nano-USD nothing is told apart: an embedded bidder is free and at once.
    const score = logarithm(Math.max(1, bid.firstTokenMs.p95)) + priceWeight * logarithm(Math.max(1, bid.costNano));
    if ((alike === bestAlike && score >= bestScore) || !worthIt(i)) continue;
    best = i;
    bestAlike = alike;
    bestScore = score;
  }
  return best;
}
