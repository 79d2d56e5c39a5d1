import { exponential } from "./elementary.ts";

/**
 * Forward decay (Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009): an observation at t enters with weight
 * exp(rate x (t - landmark)) and sums are divided by the weight of "now" when read, so that folding commutes.
 */
const halfLifeMs = 60 * 24 * 3600 * 1000;
const rate = Math.LN2 / halfLifeMs;

/** Weight of an observation at `nowMs`; never below 1e-6, so that an old clock cannot wipe a profile. */
export function growth(part: { landmarkMs: number }, nowMs: number): number {
  if (part.landmarkMs === 0) return 1;
  const g = exponential(rate * (nowMs - part.landmarkMs));
  return Math.max(g, 1e-6);
}
