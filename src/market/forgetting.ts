import { exponential } from "./elementary.ts";
import type { KindState, SharedState } from "./state.ts";

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

/** Moves the landmark to `nowMs` when weights grew past two-fold, or when the part is new. */
export function rebaseKind(part: KindState, nowMs: number): void {
  const g = part.landmarkMs === 0 ? 1 : growth(part, nowMs);
  if (part.landmarkMs !== 0 && g < 2) return;
  part.landmarkMs = nowMs;
  if (g === 1) return;
  const shrink = (list: number[]) => {
    for (let i = 0; i < list.length; i++) list[i] = Math.round((100 * (list[i] ?? 0)) / g) / 100;
  };
  for (const column of part.columns) {
    shrink(column.counts);
    for (const band of column.bands) shrink(band);
  }
  shrink(part.coFailed);
}

export function rebaseShared(part: SharedState, nowMs: number): void {
  const g = part.landmarkMs === 0 ? 1 : growth(part, nowMs);
  if (part.landmarkMs !== 0 && g < 2) return;
  part.landmarkMs = nowMs;
  for (const row of part.rows) {
    row.calls /= g;
    row.failed /= g;
  }
}
