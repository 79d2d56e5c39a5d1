import { within } from "./elementary.ts";
import type { Row } from "./state.ts";

export const claimBins = 5;

/** Weight of the newest claim in the standing: a memory of about 500 claims once that many were seen. */
const memory = 500;

/** Scores one settled claim: Brier (1950), five calibration bins, and a fast residual. `worth` may be corrected. */
export function recordClaim(row: Row, claim: number, worth: number): void {
  const keep = row.claims >= memory ? 1 - 1 / memory : 1;
  row.claims = row.claims * keep + 1;
  // Unbiased for a corrected worth, which may lie outside [0, 1]: E[(c - y)^2] = c^2 - 2 c E[y] + E[y] for binary y.
  row.brier = row.brier * keep + claim * claim - 2 * claim * worth + worth;
  row.recent += 0.06 * (within(worth, -0.5, 1.5) - claim - row.recent);
  const bin = 3 * Math.min(claimBins - 1, Math.floor(claim * claimBins));
  for (let i = 0; i < 3 * claimBins; i++) row.bins[i] = (row.bins[i] ?? 0) * keep;
  row.bins[bin] = (row.bins[bin] ?? 0) + 1;
  row.bins[bin + 1] = (row.bins[bin + 1] ?? 0) + claim;
  row.bins[bin + 2] = (row.bins[bin + 2] ?? 0) + worth;
}

/** Expected calibration error: mean of |claimed - happened| over the bins, weighted by their counts; null: no claim. */
export function calibrationError(row: Row): number | null {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < claimBins; i++) {
    n += row.bins[3 * i] ?? 0;
    sum += Math.abs((row.bins[3 * i + 1] ?? 0) - (row.bins[3 * i + 2] ?? 0));
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
    if (weight < 1) continue;
    const claimed = (row.bins[3 * i + 1] ?? 0) / weight;
    const gap = claimed - (row.bins[3 * i + 2] ?? 0) / weight;
    n += weight;
    sum += weight * gap * gap - claimed * (1 - claimed);
  }
  return n > 0 ? Math.max(0, sum / n) : 0;
}
