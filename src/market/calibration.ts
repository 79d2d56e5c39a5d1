import { logistic, logit, within } from "./elementary.ts";
import { noisy } from "./evidence.ts";
import type { KindState } from "./state.ts";

/**
 * What recalibration looks at: posterior mean, the bidder's recent residual, and how little of the posterior is its
 * own. The last matters: who was unlucky early is asked no more, so little-known bidders are better than they look.
 */
export const calibrationFeatures = (mean: number, recent: number, own: number): number[] => [
  1,
  logit(mean),
  within(recent, -0.5, 0.5),
  1 / (1 + own / 6),
];

/** Calibrated probability of acceptance. Starts as the identity. */
export function recalibrate(kind: KindState | undefined, features: readonly number[]): number {
  if (!kind) return logistic(features[1] ?? 0);
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += (kind.calibration.mean[i] ?? 0) * (features[i] ?? 0);
  return within(logistic(sum), 0.005, 0.995);
}

/**
 * One step of online Bayesian logistic regression with a diagonal Gaussian posterior (Chapelle and Li, NeurIPS 2011),
 * seen through the verdict's noise. Precision is capped at 4,000, so that it keeps learning.
 */
export function learnCalibration(
  kind: KindState,
  features: readonly number[],
  worth: number,
  reliability: { trueAccept: number; trueReject: number },
): void {
  const p = recalibrate(kind, features);
  const q = within(noisy(p, reliability), 0.01, 0.99);
  const slope = (reliability.trueAccept + reliability.trueReject - 1) * p * (1 - p);
  const { mean, precision } = kind.calibration;
  const information = (slope * slope) / (q * (1 - q));
  const gradient = (slope * (worth - q)) / (q * (1 - q));
  for (let i = 0; i < features.length; i++) {
    const x = features[i] ?? 0;
    const next = Math.min(4000, (precision[i] ?? 1) + information * x * x);
    precision[i] = next;
    mean[i] = (mean[i] ?? 0) + (gradient * x) / next;
  }
}
