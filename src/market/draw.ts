import { exponential, logarithm } from "./elementary.ts";

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** Seeded uniform numbers (sfc32 of PractRand, seeded through xmur3); the same sequence on every engine. */
export function seededRandom(seed: string): Random {
  let hash = 1779033703 ^ seed.length;
  for (let i = 0; i < seed.length; i++) {
    hash = Math.imul(hash ^ seed.charCodeAt(i), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  const word = () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
    hash ^= hash >>> 16;
    return hash >>> 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let d = word();
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
}

/** Standard normal draw: Marsaglia's polar method (1964). */
export function drawNormal(random: Random): number {
  for (let i = 0; i < 200; i++) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const s = x * x + y * y;
    if (s > 0 && s < 1) return x * Math.sqrt((-2 * logarithm(s)) / s);
  }
  return 0;
}

/** Gamma(shape, 1) draw, shape > 0: Marsaglia and Tsang (2000), with their boost below 1. */
export function drawGamma(shape: number, random: Random): number {
  if (shape < 1) {
    const u = random();
    return drawGamma(shape + 1, random) * exponential(logarithm(u > 0 ? u : 1e-300) / shape);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  // A bound, so that a broken source of randomness cannot hang a decision; a pass fails with probability < 5 %.
  for (let i = 0; i < 200; i++) {
    const x = drawNormal(random);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = random();
    if (u < 1 - 0.0331 * x * x * x * x) return d * v;
    if (logarithm(u > 0 ? u : 1e-300) < 0.5 * x * x + d * (1 - v + logarithm(v))) return d * v;
  }
  return d;
}

/** Beta(a, b) draw, a and b > 0, as a ratio of Gamma draws. */
export function drawBeta(a: number, b: number, random: Random): number {
  const x = drawGamma(a, random);
  const y = drawGamma(b, random);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}
