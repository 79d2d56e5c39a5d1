import type { NanoUsd } from "../money/nano-usd.ts";

/**
 * Is a look by the model judge worth its price now? P(it decides) x what stopping would still save > price, and the
 * judge's spend, this look included, stays within its share of the job's budget. Shares are of the budget, 0 to 1.
 */
export function judgeWorthwhile({
  pDecides,
  remainingCostNano,
  priceNano,
  spentShare,
  priceShare,
  capShare,
}: {
  pDecides: number;
  remainingCostNano: NanoUsd;
  priceNano: NanoUsd;
  spentShare: number;
  /** What this look would add to `spentShare`; default 0: the caller has added it. */
  priceShare?: number;
  capShare: number;
}): boolean {
  return spentShare + (priceShare ?? 0) <= capShare && pDecides * remainingCostNano > priceNano;
}

/** First look at a prefix, and the least and most tokens between looks. */
const firstTokens = 64;
const leastStep = 32;
const mostStep = 1_024;

/**
 * Tokens at which the next look is due, after `seen`. Looks start at 64 and are spaced geometrically (x 1.5), so that
 * n tokens cost O(log n) looks; an undecided judge that was close (pDecides high) is asked sooner, one that was far
 * later. Never beyond `expectedTokens`, where the look at the end comes anyway: null.
 */
export function nextCheckpointTokens(
  seen: number,
  { pDecides, expectedTokens }: { pDecides: number; expectedTokens: number },
): number | null {
  if (seen < firstTokens) return firstTokens < expectedTokens ? firstTokens : null;
  const likely = Math.min(1, Math.max(0, pDecides));
  const step = Math.min(mostStep, Math.max(leastStep, Math.round(seen * (1 - 0.75 * likely))));
  const next = seen + step;
  return next < expectedTokens ? next : null;
}
