import type { Bidder } from "../market/bidder.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { affordableTokens, reservationOf } from "../money/reservation.ts";
import { boundImageTokens, boundTokens } from "../money/token-bound.ts";

/** What a prompt is billed for: tokens that its texts will hardly exceed, and its pictures, which each bidder bills in its own way. */
export interface BilledPrompt {
  textTokens: number;
  images: number;
}

export const billedPrompt = (texts: readonly string[], images: number): BilledPrompt => ({
  textTokens: boundTokens(texts),
  images,
});

/** What a call may cost. Money that is short may cut its output to a quarter before the call is refused. */
export interface Bound {
  /** At its full length, and at its shortest. nano-USD. */
  nano: NanoUsd;
  leastNano: NanoUsd;
  /** Output tokens to ask for when so much may be spent. */
  outputFor(nano: NanoUsd): number;
}

const leastShare = 0.25;
/** Labels and other short answers are not cut. */
const neverBelowTokens = 64;

/** The bound of one call of a bidder; one that is gone costs nothing, since its call fails at once. */
export function boundOf(bidder: Bidder | undefined, prompt: BilledPrompt, wantedTokens: number): Bound {
  const most = Math.min(wantedTokens, bidder?.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  if (bidder === undefined) return { nano: 0, leastNano: 0, outputFor: () => most };
  const { price } = bidder;
  const input = prompt.textTokens + prompt.images * boundImageTokens(bidder);
  const thinking = bidder.reasoningTokens ?? 0;
  const least = Math.min(most, Math.max(neverBelowTokens, Math.ceil(most * leastShare)));
  return {
    nano: reservationOf(price, input, most + thinking),
    leastNano: reservationOf(price, input, least + thinking),
    outputFor: (nano) => Math.max(1, affordableTokens(price, input, most + thinking, nano) - thinking),
  };
}
