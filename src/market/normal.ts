import { exponential, logarithm } from "./elementary.ts";

const a = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
] as const;
const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572] as const;
const c = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
] as const;
const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416] as const;

/** Standard normal distribution function; error below 7.5e-8. Abramowitz and Stegun (1964), 26.2.17. */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  const size = x < 0 ? -x : x;
  const t = 1 / (1 + 0.2316419 * size);
  const tail =
    0.3989422804014327 *
    exponential(-0.5 * size * size) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x < 0 ? tail : 1 - tail;
}

/** Standard normal density. */
export const normalDensity = (x: number): number => 0.3989422804014327 * exponential(-0.5 * x * x);

/** Inverse of the standard normal distribution function for p in [1e-9, 1 - 1e-9]; relative error 1.2e-9. P. Acklam (2003). */
export function normalQuantile(p: number): number {
  const q = p < 1e-9 ? 1e-9 : Math.min(p, 1 - 1e-9);
  if (q < 0.02425 || q > 1 - 0.02425) {
    const lower = q < 0.5;
    const r = Math.sqrt(-2 * logarithm(lower ? q : 1 - q));
    const x =
      (((((c[0] * r + c[1]) * r + c[2]) * r + c[3]) * r + c[4]) * r + c[5]) /
      ((((d[0] * r + d[1]) * r + d[2]) * r + d[3]) * r + 1);
    return lower ? x : -x;
  }
  const s = q - 0.5;
  const r = s * s;
  return (
    ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * s) /
    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
  );
}
