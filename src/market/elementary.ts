/**
 * Natural logarithm and exponential from IEEE-exact operations only (+ - * / sqrt and bit patterns), so that a decision
 * replays bit for bit on every engine: Math.log and Math.exp are allowed to differ in the last place between builds.
 * Relative error below 1e-14 over the ranges the market uses.
 */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
// Little-endian machines (all that Node and workerd run on) keep the sign and exponent in word 1; found, not assumed.
double[0] = 1;
const high = words[1] === 0x3ff00000 ? 1 : 0;

const ln2 = Math.LN2;

/** 2^k for -1074 <= k <= 1023, by doubling, which is exact: a multiplication by it moves the exponent and rounds nothing. */
const leastPower = -1074;
const powersOfTwo = new Float64Array(1023 - leastPower + 1).fill(Number.MIN_VALUE);
for (let i = 1; i < powersOfTwo.length; i++) powersOfTwo[i] = 2 * (powersOfTwo[i - 1] ?? 0);
const powerOfTwo = (k: number): number => powersOfTwo[k - leastPower] ?? Number.NaN;

/** log(x) for x > 0; -Infinity for 0, NaN below. Range reduction to [sqrt(1/2), sqrt(2)), then the atanh series. */
export function logarithm(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let scaled = x;
  let exponent = 0;
  if (scaled < 2.2250738585072014e-308) {
    scaled *= 18014398509481984;
    exponent = -54;
  }
  double[0] = scaled;
  const word = words[high] ?? 0;
  const binary = ((word >>> 20) & 0x7ff) - 1023;
  exponent += binary;
  let mantissa = scaled * powerOfTwo(-binary);
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  // 2 * atanh(s); |s| <= 0.1716, so the term after t^9 is below 1e-16.
  let sum = 1 / 19;
  sum = sum * t + 1 / 17;
  sum = sum * t + 1 / 15;
  sum = sum * t + 1 / 13;
  sum = sum * t + 1 / 11;
  sum = sum * t + 1 / 9;
  sum = sum * t + 1 / 7;
  sum = sum * t + 1 / 5;
  sum = sum * t + 1 / 3;
  sum = sum * t + 1;
  return exponent * ln2 + 2 * s * sum;
}

/** e^x; 0 below -700 and capped at e^700, so that no caller meets Infinity. Taylor on |r| <= ln2/2. */
export function exponential(x: number): number {
  if (x === 0) return 1;
  if (Number.isNaN(x)) return x;
  if (x < -700) return 0;
  const bounded = Math.min(x, 700);
  const k = Math.round(bounded / ln2);
  const r = bounded - k * ln2;
  let sum = 1 / 6227020800;
  sum = sum * r + 1 / 479001600;
  sum = sum * r + 1 / 39916800;
  sum = sum * r + 1 / 3628800;
  sum = sum * r + 1 / 362880;
  sum = sum * r + 1 / 40320;
  sum = sum * r + 1 / 5040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * powerOfTwo(k);
}

/** log(p / (1 - p)), with p kept within [1e-6, 1 - 1e-6]. */
export function logit(p: number): number {
  const bounded = p < 1e-6 ? 1e-6 : Math.min(p, 1 - 1e-6);
  return logarithm(bounded / (1 - bounded));
}

/** 1 / (1 + e^-x). */
export const logistic = (x: number): number => 1 / (1 + exponential(-x));

const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * `x` rounded to `digits` significant decimal digits: short in JSON, and the value that is then computed with. Plain
 * arithmetic, since toPrecision would take most of a decision's time. 0 for what is not finite or below 1e-15.
 */
export function short(x: number, digits = 6): number {
  const size = x < 0 ? -x : x;
  if (!(size > 1e-15 && size < 1e21)) return 0;
  let whole = 0;
  if (size >= 1) while (size >= (powers[whole] ?? 0)) whole++;
  else while (size * (powers[-whole] ?? 0) < 0.1) whole--;
  const places = digits - whole;
  if (places >= 0) {
    const scale = powers[Math.min(places, 22)] ?? 1;
    return Math.round(x * scale) / scale + 0;
  }
  const scale = powers[-places] ?? 1;
  return Math.round(x / scale) * scale;
}

/** `x` rounded to a multiple of 1 / `scale`; NaN stays NaN. Never -0, which JSON does not keep. The cheap sibling of `short` for numbers of known size. */
export const steps = (x: number, scale: number): number => Math.round(x * scale) / scale + 0;

/** `x` held within [low, high]; NaN becomes `low`. */
export const within = (x: number, low: number, high: number): number => (x > low ? Math.min(x, high) : low);
