import { within } from "./elementary.ts";

/**
 * What one verdict says about an acceptance probability p, as pseudo-counts of a Beta posterior: one step of Fisher
 * scoring. The verdict was "accept" with probability q(p); information about p relative to a clean, unconditional
 * observation is q'(p)^2 p(1-p) / (q(1-q)). Covers noisy judges and answers seen only after another was rejected.
 */
export function pseudoCounts(
  p: number,
  q: number,
  slope: number,
  worth: number,
): { accept: number; reject: number; weight: number } {
  const likely = within(q, 0.01, 0.99);
  const mean = within(p, 0.01, 0.99);
  const weight = within((slope * slope * mean * (1 - mean)) / (likely * (1 - likely)), 0, 1.5);
  if (weight < 1e-4) return { accept: 0, reject: 0, weight: 0 };
  const outcome = mean + (worth - likely) / slope;
  return { accept: weight * outcome, reject: weight * (1 - outcome), weight };
}

/** P(source says accept) when the answer is good with probability p. */
export const noisy = (p: number, reliability: { trueAccept: number; trueReject: number }): number =>
  p * reliability.trueAccept + (1 - p) * (1 - reliability.trueReject);

/** Unbiased estimate of the true worth behind a noisy verdict; null where the source carries no information. */
export function corrected(worth: number, reliability: { trueAccept: number; trueReject: number }): number | null {
  const power = reliability.trueAccept + reliability.trueReject - 1;
  return power < 0.05 ? null : (worth - (1 - reliability.trueReject)) / power;
}
