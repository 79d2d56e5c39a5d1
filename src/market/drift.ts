import { logarithm, within } from "./elementary.ts";
import type { KindState, Row } from "./state.ts";

/** Change that is looked for, and evidence (nats) that settles it: about one false alarm in a few thousand outcomes. */
const change = 0.2;
const threshold = 5.5;
/** Share of the old counts that survives an alarm: enough to keep the order of contexts. */
const kept = 0.06;

/**
 * Page's CUSUM (1954) on the log likelihood ratio of "skill fell (or rose) by 0.2" against the claim, seen through the
 * verdict's noise. On an alarm the bidder's counts in this kind are discounted, so that the next outcomes weigh.
 */
export function watchForDrift(
  kind: KindState,
  i: number,
  row: Row,
  claim: number,
  worth: number,
  reliability: { trueAccept: number; trueReject: number },
): boolean {
  const says = (p: number) => within(p * reliability.trueAccept + (1 - p) * (1 - reliability.trueReject), 0.02, 0.98);
  const now = says(within(claim, 0.03, 0.97));
  const ratio = (p: number) => {
    const other = says(within(p, 0.03, 0.97));
    return worth * logarithm(other / now) + (1 - worth) * logarithm((1 - other) / (1 - now));
  };
  row.drop = Math.max(0, row.drop + ratio(claim - change));
  row.rise = Math.max(0, row.rise + ratio(claim + change));
  if (row.drop < threshold && row.rise < threshold) return false;
  row.drop = 0;
  row.rise = 0;
  for (const column of kind.columns) {
    for (const counts of [column.counts, ...column.bands]) {
      counts[2 * i] = (counts[2 * i] ?? 0) * kept;
      counts[2 * i + 1] = (counts[2 * i + 1] ?? 0) * kept;
    }
  }
  row.recent *= kept;
  return true;
}
