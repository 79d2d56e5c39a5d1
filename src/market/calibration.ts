import { logarithm, logistic, logit, within } from "./elementary.ts";
import { noisy } from "./evidence.ts";

/** What is known of a bid before it is recalibrated. */
export interface ClaimFacts {
  /** Posterior mean of acceptance, 0 to 1. */
  mean: number;
  /** The bidder's recent residual. */
  recent: number;
  /** Observations of its own behind the posterior. */
  own: number;
  /** How much surer than usual the bidder says it is on inputs like this, -1 to 1; 0: it names no confidence. */
  sureness: number;
  inputChars: number;
}

/**
 * What recalibration looks at: posterior mean, recent residual, how little of the posterior is its own, the bidder's
 * own confidence and the input's length. The third matters: who was unlucky early is asked no more, so little-known
 * bidders are better than they look. Weights are a kind's own: whether it is closed is in its intercept.
 */
export const calibrationFeatures = (facts: ClaimFacts): number[] => [
  1,
  logit(facts.mean),
  within(facts.recent, -0.5, 0.5),
  1 / (1 + facts.own / 6),
  facts.sureness,
  // 0 at 600 characters, -1 at 10, 1 at 36,000.
  within(0.25 * logarithm((facts.inputChars + 1) / 600), -1, 1),
];

/** Posterior of the weights, one of each a feature; the precision is the inverse of the variance. */
export interface Calibration {
  mean: number[];
  precision: number[];
}

/** Prior mean and precision of the weights: the identity, held so firmly that some hundred outcomes move it. */
export const firstCalibration: Calibration = { mean: [0, 1, 0, 0, 0, 0], precision: [300, 600, 300, 25, 25, 300] };

/** Calibrated probability of acceptance. Starts as the identity. */
export function recalibrate(learned: Calibration | undefined, features: readonly number[]): number {
  if (!learned) return logistic(features[1] ?? 0);
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += (learned.mean[i] ?? 0) * (features[i] ?? 0);
  return within(logistic(sum), 0.005, 0.995);
}

/**
 * One step of online Bayesian logistic regression with a diagonal Gaussian posterior (Chapelle and Li, NeurIPS 2011),
 * seen through the verdict's noise; `weight`: how much of an outcome it is, 0 to 1. Precision is capped at 4,000, so that it keeps learning.
 */
export function learnCalibration(
  learned: Calibration,
  features: readonly number[],
  worth: number,
  reliability: { trueAccept: number; trueReject: number },
  weight = 1,
): void {
  const p = recalibrate(learned, features);
  const q = within(noisy(p, reliability), 0.01, 0.99);
  const slope = (reliability.trueAccept + reliability.trueReject - 1) * p * (1 - p);
  const { mean, precision } = learned;
  const information = (weight * slope * slope) / (q * (1 - q));
  const gradient = (weight * slope * (worth - q)) / (q * (1 - q));
  for (let i = 0; i < features.length; i++) {
    const x = features[i] ?? 0;
    const next = Math.min(4000, (precision[i] ?? firstCalibration.precision[i] ?? 300) + information * x * x);
    precision[i] = next;
    mean[i] = (mean[i] ?? 0) + (gradient * x) / next;
  }
}
