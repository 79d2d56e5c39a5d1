import { hardLimit, pacingStep, seededRandom } from "../../src/market/market.ts";
import { emptyTally, type Judge, Pass, shuffled } from "./pass.ts";
import type { RecordedRow, RecordedSet } from "./recorded.ts";
import { bestSingle, single } from "./yardstick.ts";

/** One budget, a share of what the best single model would cost on the same rows. */
export interface BudgetResult {
  share: number;
  prices: "constant" | "times five, announced" | "times five, unannounced";
  /** What the same pass spends without a budget, as a share of the budget; above 1 the budget binds. */
  unconstrained: number;
  used: number;
  quality: number;
  served: number;
  rows: number;
  refusedOutright: boolean;
}

const shares = [0.05, 0.1, 0.25, 0.5, 1];
/** Price of cost while the budget does not bind: what a budget allows is there to be spent on quality. */
const baseLambda = 0.1;
/** The multiplier rests not far below the base, so that it is soon there when the budget begins to bind. */
const restLambda = 0.05;
/** Share of the worst surprise that is still expected one bill later. */
const memory = 0.98;

export function budgetRuns(set: RecordedSet, judge: Judge, valueNano: number, places: number): BudgetResult[] {
  const results: BudgetResult[] = [];
  for (const prices of ["constant", "times five, announced", "times five, unannounced"] as const) {
    for (const share of shares) results.push(budgetRun(set, judge, valueNano, places, share, prices));
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
): BudgetResult {
  const best = bestSingle(set);
  const half = Math.floor(set.test.length / 2);
  const order = shuffled(set.test, seededRandom("budget/test"));
  const rows = prices === "constant" ? order : [...order.slice(0, half), ...dearer(order.slice(half))];
  const budgetNano = Math.round(share * single(rows, best).costNano * rows.length);
  const free = paced(set, judge, valueNano, places, rows, half, prices, null);
  const held = paced(set, judge, valueNano, places, rows, half, prices, budgetNano);
  return {
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
  budgetNano: number | null,
): { spent: number; quality: number; served: number; refusedOutright: boolean } {
  const pass = new Pass({ ...set }, { lambda: baseLambda, valueNano, places, judge, seed: 1 });
  let multiplier = baseLambda;
  const train = shuffled(set.train, seededRandom("budget/train"));
  const usual = budgetNano === null ? null : budgetNano / rows.length;
  const nothing = emptyTally();
  // Bills over expected costs, the worst of late: what a last bill may come to must be there.
  let surprise = 1;
  const surprised = (cost: number): number => Math.max(1, surprise * memory, cost / Math.max(1, pass.expectedNano));
  for (const row of train) {
    const cost = pass.serve(row, nothing, false, { lambda: Math.max(baseLambda, multiplier) });
    if (usual !== null) multiplier = Math.max(restLambda, pacingStep(multiplier, cost, usual));
    surprise = surprised(cost);
  }
  const cheapestOf = (from: readonly RecordedRow[]) =>
    Math.min(...set.bidders.map((_, i) => single(from, i).costNano)) + judge.costNano;
  const tally = emptyTally();
  let left = budgetNano ?? 0;
  let served = 0;
  let refusedOutright = false;
  rows.forEach((row, at) => {
    if (at === half && prices === "times five, announced") {
      pass.set.bidders = set.bidders.map((bidder) => ({
        ...bidder,
        price: { inputPerMtok: 5 * bidder.price.inputPerMtok, outputPerMtok: 5 * bidder.price.outputPerMtok },
      }));
    }
    if (budgetNano === null) {
      left += pass.serve(row, tally, false, { lambda: baseLambda });
      served++;
      return;
    }
    // What is cheapest now is known from the last hundred bills; at first from train.
    const recent = at < 100 ? train : rows.slice(at - 100, at);
    const cheapest = cheapestOf(recent);
    const remaining = rows.length - at;
    if (at === 0 && budgetNano < cheapest * rows.length) refusedOutright = true;
    if (refusedOutright) return;
    if (left < cheapest) return;
    // An input may cost a few times the mean; others cost less.
    const usualLimit = Math.max(hardLimit(left, remaining, cheapest) ?? 0, 3 * cheapest);
    const limit = Math.min(left, usualLimit, Math.max(cheapest, left / surprise));
    const before = tally.n;
    const cost = pass.serve(row, tally, false, {
      lambda: Math.max(baseLambda, multiplier),
      budgetNano: Math.floor(limit),
    });
    if (tally.n > before && cost > 0) served++;
    surprise = surprised(cost);
    multiplier = Math.max(restLambda, pacingStep(multiplier, cost, Math.max(1, left / remaining)));
    left -= cost;
  });
  return {
    spent: budgetNano === null ? left : budgetNano - left,
    quality: tally.quality / rows.length,
    served,
    refusedOutright,
  };
}
