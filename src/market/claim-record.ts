import { within } from "./elementary.ts";
import type { Row } from "./state.ts";

/** Bins of equal width over claims from 0 to 1. */
export const claimBins = 5;

/** Weight of the newest claim in the standing: a memory of about 500 claims once that many were seen. */
const memory = 500;

/**
 * Scores one settled claim: Brier (1950), five calibration bins, and a fast residual. `worth` may be corrected; `noise`
 * is its variance by chance, which a correction multiplies.
 */
export function recordClaim(row: Row, claim: number, worth: number, noise = claim * (1 - claim)): void {
  const keep = row.claims >= memory ? 1 - 1 / memory : 1;
  row.claims = row.claims * keep + 1;
  // Unbiased for a corrected worth, which may lie outside [0, 1]: E[(c - y)^2] = c^2 - 2 c E[y] + E[y] for binary y.
  row.brier = row.brier * keep + claim * claim - 2 * claim * worth + worth;
  row.recent += 0.06 * (within(worth, -0.5, 1.5) - claim - row.recent);
  row.noise ??= exactNoise(row.bins);
  const bin = 3 * Math.min(claimBins - 1, Math.floor(claim * claimBins));
  for (let i = 0; i < 3 * claimBins; i++) row.bins[i] = (row.bins[i] ?? 0) * keep;
  row.bins[bin] = (row.bins[bin] ?? 0) + 1;
  row.bins[bin + 1] = (row.bins[bin + 1] ?? 0) + claim;
  row.bins[bin + 2] = (row.bins[bin + 2] ?? 0) + worth;
  for (let i = 0; i < claimBins; i++) row.noise[i] = (row.noise[i] ?? 0) * keep;
  row.noise[bin / 3] = (row.noise[bin / 3] ?? 0) + noise;
}

/** Claims of before their noise was kept: that of outcomes which were told exactly. */
const exactNoise = (bins: readonly number[]): number[] =>
  Array.from({ length: claimBins }, (_, i) => {
    const claimed = (bins[3 * i + 1] ?? 0) / Math.max(1e-9, bins[3 * i] ?? 0);
    return (bins[3 * i + 1] ?? 0) * (1 - Math.min(1, claimed));
  });

/** Claims before which nothing is said of a bidder's claims. */
export const fewestClaims = 20;

/** Expected calibration error: mean of |claimed - happened| over the bins, weighted by their counts; null: no claim. */
export function calibrationError(row: Row): number | null {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < claimBins; i++) {
    const weight = row.bins[3 * i] ?? 0;
    n += weight;
    // Verdicts corrected for their noise lie outside of 0 to 1, and so can the mean of a few: the share that came true cannot.
    sum += Math.abs((row.bins[3 * i + 1] ?? 0) - within(row.bins[3 * i + 2] ?? 0, 0, weight));
  }
  return n > 0 ? sum / n : null;
}

/**
 * Mean square by which its claims are off beside what chance does to so few, 0 to 1: squared calibration error less each
 * bin's sampling variance (the debiased estimate of Kumar, Liang and Ma, NeurIPS 2019). 0 while nothing is shown.
 */
export function claimError(row: Row): number {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < claimBins; i++) {
    const weight = row.bins[3 * i] ?? 0;
    const noise = row.noise?.[i];
    if (weight < 1 || noise === undefined) continue;
    const gap = ((row.bins[3 * i + 1] ?? 0) - (row.bins[3 * i + 2] ?? 0)) / weight;
    n += weight;
    sum += weight * gap * gap - noise / weight;
  }
  return n >= fewestClaims ? within(sum / n, 0, 1) : 0;
}
