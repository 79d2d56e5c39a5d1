import type { Point } from "./figures.ts";
import type { Judge } from "./pass.ts";
import type { RecordedRow, RecordedSet } from "./recorded.ts";

/** Best single model by train quality (of equals the cheaper), with its quality and cost on rows. */
export function bestSingle(set: RecordedSet): number {
  const q = set.bidders.map((_, i) => single(set.train, i));
  let best = 0;
  q.forEach((p, i) => {
    const top = q[best] as Point;
    if (p.quality > top.quality || (p.quality === top.quality && p.costNano < top.costNano)) best = i;
  });
  return best;
}

export function single(rows: readonly RecordedRow[], i: number): Point {
  let [quality, costNano] = [0, 0];
  for (const row of rows) {
    quality += row.score[i] ?? 0;
    costNano += row.costNano[i] ?? 0;
  }
  return { quality: quality / rows.length, costNano: costNano / rows.length };
}

export function randomPick(rows: readonly RecordedRow[], n: number): Point {
  const all = Array.from({ length: n }, (_, i) => single(rows, i));
  return { quality: all.reduce((s, p) => s + p.quality, 0) / n, costNano: all.reduce((s, p) => s + p.costNano, 0) / n };
}

/** The best recorded answer of every row, at the least cost it could be had for. */
export function oracle(rows: readonly RecordedRow[]): Point {
  let [quality, costNano] = [0, 0];
  for (const row of rows) {
    const top = Math.max(...row.score);
    quality += top;
    costNano += Math.min(...row.costNano.filter((_, i) => top <= 0 || row.score[i] === top));
  }
  return { quality: quality / rows.length, costNano: costNano / rows.length };
}

/**
 * Full information: on train every model's outcome is known. Per task the ordered sequence of up to `places` models
 * with the best value x quality - lambda x cost, judge's looks included, is fixed and then run on test.
 */
export function fullInformation(
  set: RecordedSet,
  places: number,
  judge: Judge,
  lambdas: readonly number[],
  valueNano: number,
): Point[] {
  const tasks = [...new Set(set.train.map((row) => row.task))];
  const tables = tasks.map((task) => {
    const train = set.train.filter((row) => row.task === task);
    const test = set.test.filter((row) => row.task === task);
    const sequences = candidatesOf(train, set.bidders.length, places);
    return { n: test.length, test, sequences: sequences.map((s) => ({ s, train: outcomeOf(train, s, judge) })) };
  });
  const n = tables.reduce((sum, table) => sum + table.n, 0);
  return lambdas.map((lambda) => {
    let [quality, costNano] = [0, 0];
    for (const table of tables) {
      let best = table.sequences[0];
      let top = Number.NEGATIVE_INFINITY;
      for (const one of table.sequences) {
        const worth = valueNano * one.train.quality - lambda * one.train.costNano;
        if (worth > top) {
          top = worth;
          best = one;
        }
      }
      if (!best || table.n === 0) continue;
      const real = outcomeOf(table.test, best.s, judge);
      quality += (real.quality * table.n) / n;
      costNano += (real.costNano * table.n) / n;
    }
    return { quality, costNano };
  });
}

/** All sequences of the models that are best by quality, or by quality for their cost, in these rows. */
function candidatesOf(rows: readonly RecordedRow[], models: number, places: number): number[][] {
  const points = Array.from({ length: models }, (_, i) => ({ i, ...single(rows, i) }));
  if (places === 1) return points.map((p) => [p.i]);
  const chosen = new Set<number>();
  for (const p of points
    .slice()
    .sort((a, b) => b.quality - a.quality)
    .slice(0, 9))
    chosen.add(p.i);
  for (const p of points
    .slice()
    .sort((a, b) => b.quality / b.costNano - a.quality / a.costNano)
    .slice(0, 6))
    chosen.add(p.i);
  const list = [...chosen];
  const sequences: number[][] = list.map((i) => [i]);
  for (const i of list) for (const j of list) if (i !== j) sequences.push([i, j]);
  if (places > 2) {
    for (const i of list)
      for (const j of list) for (const k of list) if (i !== j && i !== k && j !== k) sequences.push([i, j, k]);
  }
  return sequences;
}

/** Expected quality and cost of a sequence under the judge's noise; when all are rejected the last one is delivered. */
function outcomeOf(rows: readonly RecordedRow[], sequence: readonly number[], judge: Judge): Point {
  let [quality, costNano] = [0, 0];
  for (const row of rows) {
    let reach = 1;
    sequence.forEach((i, at) => {
      const score = row.score[i] ?? 0;
      const accepts = score * judge.trueAccept + (1 - score) * (1 - judge.trueReject);
      costNano += reach * ((row.costNano[i] ?? 0) + judge.costNano);
      quality += reach * score * (at === sequence.length - 1 ? 1 : judge.trueAccept);
      reach *= 1 - accepts;
    });
  }
  return { quality: quality / rows.length, costNano: costNano / rows.length };
}

/**
 * What a bidder that saw every model's outcome on train would claim on test: the mean of its task, of one success and
 * one failure more. Claims and recorded truths, row by row and model by model.
 */
export function tableClaims(set: RecordedSet): { claims: number[]; truths: number[] } {
  const seen = new Map<string, { n: number; good: number[] }>();
  for (const row of set.train) {
    const task = seen.get(row.task) ?? { n: 0, good: set.bidders.map(() => 0) };
    seen.set(row.task, task);
    task.n++;
    row.score.forEach((score, i) => {
      task.good[i] = (task.good[i] ?? 0) + score;
    });
  }
  const [claims, truths]: [number[], number[]] = [[], []];
  for (const row of set.test) {
    const task = seen.get(row.task);
    row.score.forEach((score, i) => {
      claims.push(((task?.good[i] ?? 0) + 1) / ((task?.n ?? 0) + 2));
      truths.push(score);
    });
  }
  return { claims, truths };
}
