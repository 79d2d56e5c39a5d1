import { drawAt } from "./draw.ts";

const perDoubling = 64;
const bins = 20 * perDoubling;
const blocks = 60;

/** Histograms on a log scale (1.1 % wide bins) by block of time: enough for quantiles and their block bootstrap. */
export class Tally {
  readonly counts: Uint32Array[] = Array.from({ length: blocks }, () => new Uint32Array(bins));
  readonly sums = new Float64Array(blocks);
  readonly totals = new Uint32Array(blocks);
  readonly passes = new Uint32Array(blocks);

  /** One request: `share` in [0, 1) is where in time; `ms` null: it failed. */
  add(share: number, ms: number | null, cost: number): void {
    const block = Math.floor(share * blocks);
    this.totals[block] = (this.totals[block] ?? 0) + 1;
    this.sums[block] = (this.sums[block] ?? 0) + cost;
    if (ms === null) return;
    this.passes[block] = (this.passes[block] ?? 0) + 1;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, ms)) * perDoubling)));
    const counts = this.counts[block];
    if (counts !== undefined) counts[bin] = (counts[bin] ?? 0) + 1;
  }
}

/** Figures of one resample: quantiles in ms over answered requests, mean cost, share answered. */
export interface Figures {
  p50: number;
  p95: number;
  p99: number;
  p999: number;
  cost: number;
  success: number;
}

export function figuresOf(tally: Tally, weights: Float64Array | null): Figures {
  const merged = new Float64Array(bins);
  let passes = 0;
  let total = 0;
  let cost = 0;
  for (let block = 0; block < blocks; block++) {
    const weight = weights?.[block] ?? (weights === null ? 1 : 0);
    if (weight === 0) continue;
    passes += weight * (tally.passes[block] ?? 0);
    total += weight * (tally.totals[block] ?? 0);
    cost += weight * (tally.sums[block] ?? 0);
    const counts = tally.counts[block];
    if (counts === undefined) continue;
    for (let bin = 0; bin < bins; bin++) merged[bin] = (merged[bin] ?? 0) + weight * (counts[bin] ?? 0);
  }
  const quantile = (q: number): number => {
    const wanted = q * passes;
    let before = 0;
    for (let bin = 0; bin < bins; bin++) {
      const count = merged[bin] ?? 0;
      if (before + count >= wanted && count > 0) return 2 ** ((bin + (wanted - before) / count) / perDoubling);
      before += count;
    }
    return Number.NaN;
  };
  return {
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    p999: quantile(0.999),
    cost: cost / total,
    success: passes / total,
  };
}

/**
 * 95 % intervals of a comparison: blocks of consecutive requests are drawn with replacement, the same ones for both
 * tallies (paired block bootstrap), so that outages, which fill whole blocks, widen the interval as they must.
 */
export function interval(
  a: Tally,
  b: Tally,
  of: (a: Figures, b: Figures) => number,
  resamples = 400,
): [number, number] {
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const weights = new Float64Array(blocks);
    for (let pick = 0; pick < blocks; pick++) {
      const block = Math.floor(drawAt(77, resample, pick) * blocks);
      weights[block] = (weights[block] ?? 0) + 1;
    }
    values.push(of(figuresOf(a, weights), figuresOf(b, weights)));
  }
  values.sort((x, y) => x - y);
  return [values[Math.floor(0.025 * resamples)] ?? Number.NaN, values[Math.floor(0.975 * resamples)] ?? Number.NaN];
}
