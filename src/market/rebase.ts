import { growth } from "./forgetting.ts";
import type { KindState, SharedState } from "./state.ts";

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

/** The same for what all kinds share. */
export function rebaseShared(part: SharedState, nowMs: number): void {
  const g = part.landmarkMs === 0 ? 1 : growth(part, nowMs);
  if (part.landmarkMs !== 0 && g < 2) return;
  part.landmarkMs = nowMs;
  for (const row of part.rows) {
    row.calls /= g;
    row.failed /= g;
  }
}
