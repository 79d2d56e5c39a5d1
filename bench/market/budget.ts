import { seededRandom } from "../../src/market/market.ts";
import { firstPace, isPlain, paceAfter, toldPace } from "../../src/market/pace.ts";
import { plainPacing } from "../../src/market/pacing.ts";
import { progress } from "../progress.ts";
import { emptyTally, type Judge, Pass, shuffled, type Tally } from "./pass.ts";
import type { RecordedRow, RecordedSet } from "./recorded.ts";
import { bestSingle, single } from "./yardstick.ts";

/** One budget, a share of what the best single model would cost on the same rows; rows and draws by `seed`. */
export interface BudgetResult {
  seed: number;
  share: number;
  prices: "constant" | "times five, announced" | "times five, unannounced";
  /** What the same market spends in the test month when its budget is lifted, as a share of it; above 1 it binds. */
  unconstrained: number;
  used: number;
  quality: number;
  served: number;
  /** Share of jobs to which a dollar counted more than one: where there are none, the budget bound nothing. */
  paced: number;
  rows: number;
  refusedOutright: boolean;
}

const shares = [0.05, 0.1, 0.25, 0.5, 1];
/** Train is served in one calendar month, test in the next one, spread evenly: the live pace knows months. */
const trainMonth = [Date.UTC(2025, 8, 1), Date.UTC(2025, 9, 1)] as const;
const testMonth = [Date.UTC(2025, 9, 1), Date.UTC(2025, 10, 1)] as const;

/** A tenant's month at each budget, paced by the steps that its object takes after each settled job (pace.ts). */
export function budgetRuns(
  set: RecordedSet,
  judge: Judge,
  valueNano: number,
  places: number,
  seeds: number,
): BudgetResult[] {
  const results: BudgetResult[] = [];
  for (const prices of ["constant", "times five, announced", "times five, unannounced"] as const) {
    for (const share of shares) {
      for (let seed = 1; seed <= seeds; seed++) {
        progress(`${set.name}, budget of ${100 * share} %, prices ${prices}: seed ${seed} of ${seeds}`);
        results.push(budgetRun(set, judge, valueNano, places, share, prices, seed));
      }
    }
  }
  return results;
}

const dearer = (rows: readonly RecordedRow[]): RecordedRow[] =>
  rows.map((row) => ({ ...row, costNano: row.costNano.map((nano) => nano * 5) }));

function budgetRun(
  set: RecordedSet,
  judge: Judge,
  valueNano: number,
  places: number,
  share: number,
  prices: BudgetResult["prices"],
  seed: number,
): BudgetResult {
  const best = bestSingle(set);
  const half = Math.floor(set.test.length / 2);
  const order = shuffled(set.test, seededRandom(`budget/test/${seed}`));
  const rows = prices === "constant" ? order : [...order.slice(0, half), ...dearer(order.slice(half))];
  const budgetNano = Math.round(share * single(rows, best).costNano * rows.length);
  const free = paced(set, judge, valueNano, places, rows, half, prices, budgetNano, seed, true);
  const held = paced(set, judge, valueNano, places, rows, half, prices, budgetNano, seed, false);
  return {
    seed,
    share,
    prices,
    unconstrained: free.spent / budgetNano,
    used: held.spent / budgetNano,
    ...held,
    rows: rows.length,
  };
}

function paced(
  set: RecordedSet,
  judge: Judge,
  valueNano: number,
  places: number,
  rows: readonly RecordedRow[],
  half: number,
  prices: BudgetResult["prices"],
  budgetNano: number,
  seed: number,
  lifted: boolean,
): { spent: number; quality: number; served: number; paced: number; refusedOutright: boolean } {
  const pass = new Pass({ ...set }, { lambda: plainPacing.lambda, valueNano, places, judge, seed });
  const train = shuffled(set.train, seededRandom(`budget/train/${seed}`));
  const nothing = emptyTally();
  let pace = firstPace;
  let spent = 0;
  /** One job of a month, as the tenant's object paces it. */
  const serve = (
    row: RecordedRow,
    into: Tally,
    capNano: number | null,
    limitNano: number | null,
    [from, to]: readonly [number, number],
    share: number,
  ): number => {
    const cost = pass.serve(row, into, false, { lambda: toldPace(pace).lambda, budgetNano: limitNano });
    pace = paceAfter(
      pace,
      { costNano: cost, tookMs: null },
      { capNano, spentNano: spent, running: 0 },
      null,
      from + share * (to - from),
    );
    spent += cost;
    return cost;
  };
  train.forEach((row, at) => {
    // The month before has a budget as large for as many jobs.
    const cap = Math.round((budgetNano * train.length) / rows.length);
    serve(row, nothing, cap, null, trainMonth, at / train.length);
  });
  spent = 0;
  if (lifted) pace = firstPace;
  const cheapestOf = (from: readonly RecordedRow[]) =>
    Math.min(...set.bidders.map((_, i) => single(from, i).costNano)) + judge.costNano;
  const tally = emptyTally();
  let served = 0;
  let slowed = 0;
  let refusedOutright = false;
  rows.forEach((row, at) => {
    if (at === half && prices === "times five, announced") {
      pass.set.bidders = set.bidders.map((bidder) => ({
        ...bidder,
        price: { inputPerMtok: 5 * bidder.price.inputPerMtok, outputPerMtok: 5 * bidder.price.outputPerMtok },
      }));
    }
    if (lifted) {
      serve(row, tally, null, null, testMonth, at / rows.length);
      served++;
      return;
    }
    // What is cheapest now is known from the last hundred bills; at first from train.
    const cheapest = cheapestOf(at < 100 ? train : rows.slice(at - 100, at));
    if (at === 0 && budgetNano < cheapest * rows.length) refusedOutright = true;
    const left = budgetNano - spent;
    if (refusedOutright || left < cheapest) return;
    const before = tally.n;
    if (!isPlain(toldPace(pace))) slowed++;
    const cost = serve(row, tally, budgetNano, left, testMonth, at / rows.length);
    if (tally.n > before && cost > 0) served++;
  });
  return { spent, quality: tally.quality / rows.length, served, paced: slowed / rows.length, refusedOutright };
}
