import { exponential, within } from "./elementary.ts";
import { normalCdf, normalDensity, normalQuantile } from "./normal.ts";
import { type KindState, loadings } from "./state.ts";

/**
 * Failures of bidders on one input hang together: one-factor Gaussian copula (Vasicek 1987) with the input's easiness
 * as the factor. P(accept | z) = cdf((quantile(p) + r z) / sqrt(1 - r^2)); its mean over z is p again. Nodes and
 * weights: 7-point Gauss-Hermite for the standard normal.
 */
export const nodes = [
  -3.750439717725742, -2.366759410734541, -1.154405394739968, 0, 1.154405394739968, 2.366759410734541,
  3.750439717725742,
];
const nodeWeights = [
  0.000548268855972218, 0.030757123967586, 0.240123178605012, 0.457142857142857, 0.240123178605012, 0.030757123967586,
  0.000548268855972218,
];

/** Belief about the input before anything was seen. */
export const freshBelief = (): number[] => nodeWeights.slice();

/** P(accept) at every node, for a bidder whose probability over all inputs is p. */
export function acceptAtNodes(p: number, r: number): number[] {
  const a = normalQuantile(p);
  const scale = 1 / Math.sqrt(1 - r * r);
  return nodes.map((z) => normalCdf((a + r * z) * scale));
}

/** Mean of P(accept) under a belief about the input. */
export function expectedAccept(belief: readonly number[], at: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < belief.length; k++) sum += (belief[k] ?? 0) * (at[k] ?? 0);
  return sum;
}

/** The belief after a verdict of worth 0 to 1 on a bidder with P(accept) `at` the nodes. */
export function afterVerdict(
  belief: readonly number[],
  at: readonly number[],
  worth: number,
  reliability: { trueAccept: number; trueReject: number },
): number[] {
  let sum = 0;
  const next = belief.map((weight, k) => {
    const says = within(
      (at[k] ?? 0) * reliability.trueAccept + (1 - (at[k] ?? 0)) * (1 - reliability.trueReject),
      1e-6,
      1 - 1e-6,
    );
    const value = weight * (worth * says + (1 - worth) * (1 - says));
    sum += value;
    return value;
  });
  return sum > 0 ? next.map((value) => value / sum) : belief.slice();
}

/** Mean and slope (d mean / d p) of P(accept) under a belief. */
export function conditional(p: number, belief: readonly number[], r: number): { mean: number; slope: number } {
  const a = normalQuantile(p);
  const scale = 1 / Math.sqrt(1 - r * r);
  const density = normalDensity(a);
  let mean = 0;
  let slope = 0;
  for (let k = 0; k < nodes.length; k++) {
    const x = (a + r * (nodes[k] ?? 0)) * scale;
    mean += (belief[k] ?? 0) * normalCdf(x);
    slope += (belief[k] ?? 0) * normalDensity(x) * scale;
  }
  return { mean, slope: density > 1e-9 ? slope / density : 0 };
}

/** Prior log evidence of the loadings: failures of language models on one input are known to hang together. */
const priorEvidence = [-5, -2.5, -1, 0, 0, -1];

/** Posterior mean of the loading of a kind. */
export function loadingOf(kind: KindState | undefined): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < loadings.length; i++) top = Math.max(top, (kind?.loading[i] ?? 0) + (priorEvidence[i] ?? 0));
  let sum = 0;
  let mean = 0;
  for (let i = 0; i < loadings.length; i++) {
    const weight = exponential((kind?.loading[i] ?? 0) + (priorEvidence[i] ?? 0) - top);
    sum += weight;
    mean += weight * (loadings[i] ?? 0);
  }
  return mean / sum;
}

/** Position of a pair of rows in the upper triangle; two numbers a pair (seen, expected). */
export function pairIndex(i: number, j: number): number {
  const low = Math.min(i, j);
  const high = Math.max(i, j);
  return high * (high - 1) + 2 * low;
}

/** How much likelier than the factor model says it is that both fail, shrunk to 1 by four expected co-failures. */
export function coFailureLift(kind: KindState, i: number, j: number): number {
  const index = pairIndex(i, j);
  const seen = kind.coFailed[index] ?? 0;
  const expected = kind.coFailed[index + 1] ?? 0;
  return within((seen + 4) / (expected + 4), 0.5, 2);
}
