import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { uncutLength } from "../../src/race/uncut.ts";

export interface RecordedLengths {
  pairs: number;
  /** Medians over pairs: correlation of log lengths, and their sd; over tasks: sd of models' means. */
  correlation: number;
  own: number;
  models: number;
  /** Root mean square error of log length: the bid's expectation, src/race/uncut.ts, the winner's length as it is. */
  error: { bid: number; both: number; winner: number };
}

interface Line {
  task: string;
  models: { [name: string]: { out_tokens: number; tok_est?: unknown } };
}

/** Fewest prompts that two models must both have answered. */
const fewest = 40;

/** How far the answers of two models to one prompt go together in length, by recorded outcomes (real token counts). */
export function recordedLengths(folder: string): RecordedLengths {
  const tasks = new Map<string, Map<string, Map<number, number>>>();
  const text = gunzipSync(readFileSync(join(folder, "mix12.dev.jsonl.gz"))).toString("utf8");
  for (const [row, line] of text.trim().split("\n").entries()) {
    const { task, models } = JSON.parse(line) as Line;
    const byModel = tasks.get(task) ?? new Map<string, Map<number, number>>();
    tasks.set(task, byModel);
    for (const [model, { out_tokens: tokens, tok_est: guessed }] of Object.entries(models)) {
      if (guessed || !(tokens > 0)) continue;
      byModel.set(model, (byModel.get(model) ?? new Map<number, number>()).set(row, tokens));
    }
  }
  const [correlations, sds, spreads] = [[] as number[], [] as number[], [] as number[]];
  const errors = { bid: 0, both: 0, winner: 0 };
  let n = 0;
  for (const byModel of tasks.values()) {
    const means = [...byModel].map(([model, of]) => ({ model, of, mean: mean([...of.values()].map(Math.log)) }));
    if (means.length > 3) spreads.push(sd(means.map((one) => one.mean)));
    for (const one of means)
      for (const other of means) {
        const rows = [...one.of.keys()].filter((row) => other.of.has(row));
        if (one === other || rows.length < fewest) continue;
        const own = rows.map((row) => Math.log(one.of.get(row) ?? 1) - one.mean);
        const theirs = rows.map((row) => Math.log(other.of.get(row) ?? 1) - other.mean);
        const spread = sd(own) * sd(theirs);
        if (spread === 0) continue;
        const both = mean(own.map((x, at) => x * (theirs[at] ?? 0))) - mean(own) * mean(theirs);
        correlations.push(both / spread);
        sds.push(sd(own));
        for (const [at, truth] of own.entries()) {
          const [expectedTokens, expected] = [Math.exp(one.mean), Math.exp(other.mean)];
          const tokens = expected * Math.exp(theirs[at] ?? 0);
          const winner = { tokens, expectedTokens: expected, outcomes: rows.length };
          const told = uncutLength({ expectedTokens, boundTokens: Number.POSITIVE_INFINITY, winner }, 0).tokens;
          errors.bid += truth ** 2;
          errors.both += (truth - (Math.log(Math.max(1, told)) - one.mean)) ** 2;
          errors.winner += (truth - (Math.log(tokens) - one.mean)) ** 2;
          n++;
        }
      }
  }
  const root = (sum: number) => Math.sqrt(sum / n);
  return {
    pairs: correlations.length,
    correlation: median(correlations),
    own: median(sds),
    models: median(spreads),
    error: { bid: root(errors.bid), both: root(errors.both), winner: root(errors.winner) },
  };
}

const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs: number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));
const median = (xs: number[]): number => xs.sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN;
