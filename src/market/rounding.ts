import type { KindState, SharedState } from "./state.ts";

/** Two decimals below 100, one below 1,000: what keeps a part within 64 KB of JSON. */
const count = (x: number): number => {
  const size = x < 0 ? -x : x;
  if (size < 100) return Math.round(x * 100) / 100;
  return size < 1000 ? Math.round(x * 10) / 10 : Math.round(x);
};
const fine = (x: number): number => Math.round(x * 10_000) / 10_000;

/** Rounds the numbers of the rows that a settlement touched, so that memory and its JSON are always the same state. */
export function roundKind(kind: KindState): void {
  const all = (list: number[], rule: (x: number) => number) => {
    for (let i = 0; i < list.length; i++) list[i] = rule(list[i] ?? 0);
  };
  for (const row of kind.rows) {
    row.skill = fine(row.skill);
    row.variance = fine(row.variance);
    row.given = [fine(row.given[0]), fine(row.given[1])];
    row.claims = count(row.claims);
    row.brier = fine(row.brier);
    row.recent = fine(row.recent);
    row.drop = count(row.drop);
    row.rise = count(row.rise);
    all(row.bins, count);
    all(row.tokens, fine);
    all(row.total, fine);
  }
  for (const column of kind.columns) {
    column.level = fine(column.level);
    column.variance = fine(column.variance);
    all(column.counts, count);
    for (const band of column.bands) all(band, count);
    all(column.outputs, fine);
    all(column.output, fine);
  }
  all(kind.coFailed, count);
  all(kind.loading, fine);
  all(kind.calibration.mean, fine);
  all(kind.calibration.precision, fine);
}

export function roundShared(shared: SharedState): void {
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
