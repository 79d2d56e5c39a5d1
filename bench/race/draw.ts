/** A number in (0, 1) that depends only on its three indices: arms of a comparison share their draws. */
export function drawAt(seed: number, race: number, slot: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  hash = mix(hash ^ race);
  hash = mix(hash ^ Math.imul(slot + 1, 0xc2b2ae35));
  return ((hash >>> 0) + 0.5) / 4294967296;
}

/** MurmurHash3's finaliser. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Standard normal from two uniforms (Box and Muller). */
export const normalOf = (a: number, b: number): number => Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * b);

export interface Percentiles {
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
}

const levels = [0.5, 0.75, 0.9, 0.95, 0.99];

/** Quantile function: log-linear between the five percentiles, outermost slopes carried on to 0 and 1. */
export function quantileFunction(points: Percentiles): (u: number) => number {
  const logs = [points.p50, points.p75, points.p90, points.p95, points.p99].map((value) =>
    Math.log(Math.max(value, 1)),
  );
  return (u) => {
    let at = 0;
    while (at < levels.length - 2 && u > (levels[at + 1] ?? 1)) at++;
    const [fromQ, toQ, from, to] = [levels[at] ?? 0, levels[at + 1] ?? 1, logs[at] ?? 0, logs[at + 1] ?? 0];
    return Math.exp(from + ((to - from) * (u - fromQ)) / (toQ - fromQ));
  };
}
