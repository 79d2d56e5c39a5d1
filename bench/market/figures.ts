/** A policy's mean quality and mean cost (nano-USD) at one price of cost. */
export interface Point {
  quality: number;
  costNano: number;
}

/** Upper concave hull of points in (x, quality), from the cheapest on: what mixing two settings reaches. */
export function hullOf(points: readonly Point[], axis: (costNano: number) => number): { x: number; y: number }[] {
  const sorted = points.map((p) => ({ x: axis(p.costNano), y: p.quality })).sort((a, b) => a.x - b.x || b.y - a.y);
  const hull: { x: number; y: number }[] = [];
  for (const p of sorted) {
    const last = hull[hull.length - 1];
    if (last && p.y <= last.y) continue;
    if (last && p.x === last.x) hull.pop();
    while (hull.length >= 2) {
      const a = hull[hull.length - 2] as { x: number; y: number };
      const b = hull[hull.length - 1] as { x: number; y: number };
      if ((b.y - a.y) * (p.x - a.x) > (p.y - a.y) * (b.x - a.x)) break;
      hull.pop();
    }
    hull.push(p);
  }
  return hull;
}

/** Least cost at which a quality is reached on the hull; null: never. */
export function costAt(points: readonly Point[], quality: number): number | null {
  const hull = hullOf(points, (c) => c);
  for (let i = 0; i < hull.length; i++) {
    const b = hull[i] as { x: number; y: number };
    if (b.y < quality) continue;
    const a = hull[i - 1];
    return a ? a.x + ((quality - a.y) / (b.y - a.y)) * (b.x - a.x) : b.x;
  }
  return null;
}

/** Mean height of the hull between two costs (RouterBench's AIQ), on a linear or a log axis. */
export function aiq(points: readonly Point[], fromNano: number, toNano: number, log: boolean): number {
  const axis = log ? (c: number) => Math.log(Math.max(1, c)) : (c: number) => c;
  const hull = hullOf(points, axis);
  const steps = 2000;
  let sum = 0;
  for (let s = 0; s < steps; s++) {
    const x = axis(fromNano) + ((s + 0.5) / steps) * (axis(toNano) - axis(fromNano));
    sum += heightAt(hull, x);
  }
  return sum / steps;
}

function heightAt(hull: readonly { x: number; y: number }[], x: number): number {
  let before: { x: number; y: number } | null = null;
  for (const p of hull) {
    if (p.x >= x) return before ? before.y + ((x - before.x) / (p.x - before.x)) * (p.y - before.y) : 0;
    before = p;
  }
  return before?.y ?? 0;
}

export const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / Math.max(1, list.length);

export function deviation(list: readonly number[]): number {
  const m = mean(list);
  return list.length < 2 ? 0 : Math.sqrt(list.reduce((sum, x) => sum + (x - m) ** 2, 0) / (list.length - 1));
}

export function quantile(list: readonly number[], q: number): number {
  const sorted = list.slice().sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

export function brier(claims: readonly number[], truths: readonly number[]): number {
  return mean(claims.map((p, i) => (p - (truths[i] ?? 0)) ** 2));
}

/** Expected calibration error over bins of equal mass. */
export function calibrationError(claims: readonly number[], truths: readonly number[], bins = 15): number {
  const order = claims.map((_, i) => i).sort((a, b) => (claims[a] ?? 0) - (claims[b] ?? 0));
  let sum = 0;
  for (let b = 0; b < bins; b++) {
    const part = order.slice(Math.floor((b * order.length) / bins), Math.floor(((b + 1) * order.length) / bins));
    if (part.length === 0) continue;
    sum += Math.abs(mean(part.map((i) => claims[i] ?? 0)) - mean(part.map((i) => truths[i] ?? 0))) * part.length;
  }
  return sum / Math.max(1, order.length);
}

/** Paired bootstrap over seeds: 90 % interval of the mean difference. */
export function pairedInterval(a: readonly number[], b: readonly number[], random: () => number): [number, number] {
  const differences = a.map((x, i) => x - (b[i] ?? 0));
  const means = Array.from({ length: 1000 }, () =>
    mean(differences.map(() => differences[Math.floor(random() * differences.length)] ?? 0)),
  );
  return [quantile(means, 0.05), quantile(means, 0.95)];
}
