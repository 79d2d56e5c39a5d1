import type { NanoUsd } from "./nano-usd.ts";
import { highestCost, type PriceSheet } from "./price.ts";

/** The most a call may cost: every output token it may send, at the dearer of the output rates. nano-USD. */
export function reservationOf(price: PriceSheet, inputTokens: number, outputTokens: number): NanoUsd {
  return highestCost(price, inputTokens, outputTokens);
}

/**
 * Output tokens that fit into `nano` beside the input, at most `mostTokens`; 0: not even the input fits. An answer cut
 * short costs less than one refused, so money that is short makes calls shorter before it stops them.
 */
export function affordableTokens(price: PriceSheet, inputTokens: number, mostTokens: number, nano: NanoUsd): number {
  if (reservationOf(price, inputTokens, mostTokens) <= nano) return mostTokens;
  const left = nano - reservationOf(price, inputTokens, 0);
  const rate = Math.max(price.outputPerMtok, price.reasoningPerMtok ?? 0);
  if (left <= 0 || rate <= 0) return 0;
  // One less than the quotient: reservations are rounded up.
  return Math.max(0, Math.min(mostTokens, Math.floor((left * 1_000_000) / rate) - 1));
}
