import { logarithm, within } from "./elementary.ts";
import type { Column, Detector, KindState, Row } from "./state.ts";

/** Change that is looked for. */
const change = 0.2;
/**
 * Evidence (nats) that settles it. Without a change the mean run to a false alarm is at least its exponential (Lorden,
 * Annals of Mathematical Statistics 1971), here 1,800 outcomes; a false alarm is dear, for who is marked down is asked
 * no more and cannot prove the contrary.
 */
const threshold = 7.5;
/** Outcomes the mean residual is shrunk by, and the fewest that may raise an alarm: four failures in a row are no change. */
const shrink = 8;
const fewest = 12;

/** Share of outcomes from other contexts at which a change is taken to be the bidder's own, and not one context's. */
const elsewhere = 0.25;

/**
 * Watches one bidder of a kind for a fall or a rise by 0.2 (Page, Biometrika 1954: CUSUM of the log likelihood ratio,
 * through the verdict's noise). On an alarm its counts are cut to what was seen since the change and moved by the mean
 * residual since then: in every context, or in this one alone if hardly another had a part in it, for then it may be the
 * tasks that changed. Returns whether that happened. `claim`: P(accepted) as it stood, from `own`
 * observations in this context.
 */
export function watchForDrift(
  kind: KindState,
  i: number,
  row: Row,
  here: Column,
  claim: number,
  own: number,
  worth: number,
  reliability: { trueAccept: number; trueReject: number },
): boolean {
  const says = (p: number) => within(p * reliability.trueAccept + (1 - p) * (1 - reliability.trueReject), 0.02, 0.98);
  const power = Math.max(0.1, reliability.trueAccept + reliability.trueReject - 1);
  const at = kind.columns.indexOf(here);
  const step = (detector: Detector, by: number): boolean => {
    if (detector[1] === 0) [detector[3], detector[4]] = [at, 0];
    else if (detector[3] !== at) detector[4] = (detector[4] ?? 0) + 1;
    // The claim gave way to what came since the detector last stood at zero: measured from it a change would hide itself.
    // A record that is young beside these outcomes has no "before".
    const before =
      claim - within((detector[2] * Math.max(0, own - 2 * detector[1])) / Math.max(1, own * own), -0.2, 0.2);
    const now = says(within(before, 0.03, 0.97));
    const other = says(within(before + by, 0.03, 0.97));
    detector[0] += worth * logarithm(other / now) + (1 - worth) * logarithm((1 - other) / (1 - now));
    detector[1]++;
    detector[2] += (worth - says(within(claim, 0.03, 0.97))) / power;
    if (detector[0] <= 0) detector.fill(0);
    return detector[0] >= threshold && detector[1] >= fewest;
  };
  const fell = step(row.fall, -change);
  const rose = step(row.rise, change);
  if (!fell && !rose) return false;
  const [, outcomes, residual, , others = 0] = fell ? row.fall : row.rise;
  const shift = residual / (outcomes + shrink);
  for (const column of others >= elsewhere * outcomes ? kind.columns : [here])
    for (const counts of [column.counts, ...column.bands]) move(counts, i, shift, outcomes);
  row.fall.fill(0);
  row.rise.fill(0);
  return true;
}

function move(counts: number[], i: number, shift: number, most: number): void {
  const accept = counts[2 * i] ?? 0;
  const n = accept + (counts[2 * i + 1] ?? 0);
  if (n <= 0) return;
  const kept = Math.min(n, most);
  const p = within(accept / n + shift, 0.02, 0.98);
  counts[2 * i] = kept * p;
  counts[2 * i + 1] = kept * (1 - p);
}
