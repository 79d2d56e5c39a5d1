import { pairIndex } from "./co-failure.ts";
import type { Column, KindState, SharedState } from "./state.ts";

/** Two decimals below 100, one below 1,000: what keeps a part within 64 KB of JSON. */
const count = (x: number): number => {
  const size = x < 0 ? -x : x;
  if (size < 100) return Math.round(x * 100) / 100;
  return size < 1000 ? Math.round(x * 10) / 10 : Math.round(x);
};
const pair = (list: number[], at: number): void => {
  if (at + 1 >= list.length) return;
  list[at] = count(list[at] ?? 0);
  list[at + 1] = count(list[at + 1] ?? 0);
};
const fine = (x: number): number => Math.round(x * 10_000) / 10_000;

/** What moves by a 4,000th of a residual: rounded to `fine`, small steps would be lost and large ones not. */
const finest = (x: number): number => Math.round(x * 1e8) / 1e8;

/** Rounds the numbers of the rows that a settlement touched, so that memory and its JSON are always the same state. */
export function roundKind(kind: KindState, touched: ReadonlySet<number>, column: Column): void {
  const all = (list: (number | undefined)[], rule: (x: number) => number) => {
    for (let i = 0; i < list.length; i++) list[i] = rule(list[i] ?? 0);
  };
  kind.rows.forEach((row, i) => {
    row.skill = fine(row.skill);
    row.variance = fine(row.variance);
    row.given = [fine(row.given[0]), fine(row.given[1])];
    if (!touched.has(i)) return;
    row.claims = count(row.claims);
    row.brier = fine(row.brier);
    row.recent = fine(row.recent);
    all(row.fall, count);
    all(row.rise, count);
    all(row.bins, count);
    if (row.noise) all(row.noise, count);
    if (row.sure) all(row.sure, fine);
    if (row.proved) all(row.proved, fine);
    all(row.tokens, fine);
    all(row.total, fine);
    for (const one of touched) {
      if (one === i) continue;
      const at = pairIndex(one, i);
      if (at + 1 < kind.coFailed.length) pair(kind.coFailed, at);
    }
  });
  for (const one of kind.columns) {
    one.level = fine(one.level);
    one.variance = fine(one.variance);
    // A change of mind (drift.ts) touches a row in every column.
    for (const i of touched) for (const list of [one.counts, ...one.bands]) pair(list, 2 * i);
  }
  for (const i of touched) {
    if (2 * i + 1 < column.outputs.length) {
      column.outputs[2 * i] = count(column.outputs[2 * i] ?? 0);
      column.outputs[2 * i + 1] = count(column.outputs[2 * i + 1] ?? 0);
    }
  }
  all(column.output, fine);
  for (const one of kind.tellers?.said ?? []) one[1] = count(one[1]);
  if (kind.spreads) all(kind.spreads, fine);
  all(kind.loading, fine);
  all(kind.calibration.mean, finest);
  all(kind.calibration.precision, fine);
}

/** The shared part, in place. */
export function roundShared(shared: SharedState): void {
  for (const one of shared.tellers?.said ?? []) one[1] = count(one[1]);
  for (const row of shared.rows) {
    row.precision = fine(row.precision);
    row.skill = fine(row.skill);
    row.calls = count(row.calls);
    row.failed = count(row.failed);
    row.bill = fine(row.bill);
    row.brier = fine(row.brier);
    row.first = [count(row.first[0]), fine(row.first[1]), fine(row.first[2])];
    row.pace = [count(row.pace[0]), fine(row.pace[1])];
  }
}
