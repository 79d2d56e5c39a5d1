import { toUsd } from "../money/nano-usd.ts";
import type { AuctionRequest, Policy } from "./bid.ts";
import { short } from "./elementary.ts";
import { plainPacing } from "./pacing.ts";

/** What a policy makes of value, cost and time: factors, and the share of the value one second of waiting costs. */
export const policies: Record<Policy, { value: number; cost: number; waiting: number }> = {
  balanced: { value: 1, cost: 1, waiting: 0 },
  cheap: { value: 0.2, cost: 1, waiting: 0 },
  fast: { value: 1, cost: 1, waiting: 0.05 },
  best: { value: 8, cost: 1, waiting: 0 },
};

/** Worth of an accepted answer by default, in units of the strongest eligible bidder's expected cost. */
export const valueInCosts = 20;
/** And of what the fastest is waited for, at the plain price of time: where all are free, that is the cost there is. */
export const valueInWaits = 10;
/** Longer waits count as this one, ms: that all are queued for an hour makes no answer worth more. */
export const longestWaitMs = 60_000;
/** Value when even the strongest is free and at once: one ten-thousandth of a dollar, so that quality still decides. */
export const leastValueNano = 100_000;

/**
 * Value in nano-USD and the two prices of a decision, from request, policy and pacing. `strongestNano`: what the strongest
 * eligible bidder and a look at its answer cost; `fastestMs`: the shortest median time to an answer, queueing included.
 */
export function policyTerms(
  request: AuctionRequest,
  pacing: { lambda: number; muUsdPerSecond: number },
  strongestNano: number,
  fastestMs: number,
): { valueNano: number; lambda: number; muUsdPerSecond: number } {
  const policy = policies[request.policy];
  const waitNano = (plainPacing.muUsdPerSecond * 1e9 * Math.min(longestWaitMs, fastestMs)) / 1000;
  const base = request.valueNano ?? Math.max(leastValueNano, valueInCosts * strongestNano, valueInWaits * waitNano);
  const valueNano = Math.round(base * policy.value);
  return {
    valueNano,
    lambda: short(pacing.lambda * policy.cost),
    muUsdPerSecond: short(pacing.muUsdPerSecond + policy.waiting * toUsd(valueNano)),
  };
}

/** Share of an answer's value that waiting for the fastest bidder may cost at most. */
const mostWaiting = 0.5;

/** The price of a second, so bounded that even a slow market's fastest answer stays worth having. USD per second. */
export function waitingPrice(muUsdPerSecond: number, valueNano: number, fastestMs: number): number {
  const most = (mostWaiting * toUsd(valueNano)) / Math.max(0.001, fastestMs / 1000);
  return muUsdPerSecond > most ? short(most) : muUsdPerSecond;
}
