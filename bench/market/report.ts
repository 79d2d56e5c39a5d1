import type { BudgetResult } from "./budget.ts";
import type { Columns, Comparison, ContextResult, RegimeResult } from "./comparison.ts";
import type { DecisionTime } from "./decision-time.ts";

const three = (x: number | null): string => (x === null ? "  -  " : x.toFixed(3));

export function printTimes(times: readonly DecisionTime[]): void {
  console.log("one decision (ms of wall clock) and sizes (characters of JSON)");
  for (const one of times) {
    console.log(
      `  ${one.bidders} bidders after ${one.pastJobs} jobs: p50 ${one.p50Ms.toFixed(3)}, p99 ${one.p99Ms.toFixed(3)}; event ${one.eventBytes}, kind ${one.kindBytes}, shared ${one.sharedBytes}`,
    );
  }
}

export function printComparison(result: Comparison): void {
  const { bestSingle } = result;
  console.log(
    `\n${result.set}: ${result.bidders} bidders, ${result.train} train, ${result.test} test rows, ${result.seeds} seeds. ` +
      `Best single on train: ${bestSingle.bidder}, ${three(bestSingle.quality)} on test at $${bestSingle.costUsd.toFixed(6)}; costs below are fractions of it.`,
  );
  for (const one of result.regimes) {
    console.log(`\n  ${one.regime}`);
    console.log("    row                                      quality  at95   at98   at100  AIQ    AIQlog gap");
    for (const row of [...one.yardsticks, one.market]) console.log(`    ${line(row)}`);
    const d = one.deviation;
    console.log(
      `    market's deviation over seeds: quality ${three(d.quality)}, at 98 % ${three(d.at98)}, at 100 % ${three(d.at100)}; ` +
        `quality less full information: ${three(one.difference[0])} to ${three(one.difference[1])} (90 %)`,
    );
    console.log(`    against full information: ${verdictOf(one)}`);
    console.log(
      `    deployed (lambda ${one.deployed.lambda} fixed on train): ${three(one.deployed.quality)} at ${three(one.deployed.cost)}; ` +
        `Brier ${three(one.brier)}, calibration error ${one.calibrationError.toFixed(4)}, Brier after the first outcome ${three(one.brierAfter)} ` +
        `(full-information table: ${three(one.tableClaims.brier)}, ${one.tableClaims.calibrationError.toFixed(4)}); ` +
        `a decision p50 ${one.decisionMs.p50.toFixed(3)} ms, p99 ${one.decisionMs.p99.toFixed(3)} ms`,
    );
  }
  printBudgets(result.budgets);
  printContexts(result.contexts);
}

/** A line a budget over all seeds; at the end how often what binds was used. */
function printBudgets(budgets: readonly BudgetResult[]): void {
  if (budgets.length === 0) return;
  console.log("\n  budgets (judge .95/.90): share of the best single model's cost, least to most over seeds");
  const range = (values: number[], digits: number) => {
    const [least, most] = [Math.min(...values), Math.max(...values)].map((x) => x.toFixed(digits));
    return least === most ? least : `${least} to ${most}`;
  };
  const percent = (rows: readonly BudgetResult[], of: (one: BudgetResult) => number, digits = 0) =>
    `${range(
      rows.map((one) => 100 * of(one)),
      digits,
    )} %`;
  for (const rows of Object.values(Object.groupBy(budgets, (one) => `${one.share} ${one.prices}`))) {
    const [first] = rows ?? [];
    if (!rows || !first) continue;
    const served = rows.filter((one) => !one.refusedOutright);
    const told =
      served.length === 0
        ? "refused: below the cheapest model"
        : `used ${percent(served, (one) => one.used, 1)} (without a budget ${percent(served, (one) => one.unconstrained)}), paced ` +
          `${percent(served, (one) => one.paced)} of jobs, quality ${range(
            served.map((one) => one.quality),
            3,
          )}, served ${range(
            served.map((one) => one.served),
            0,
          )} of ${first.rows}`;
    console.log(`    ${`${100 * first.share} %`.padEnd(6)} prices ${first.prices.padEnd(24)} ${told}`);
  }
  const runs = budgets.filter((one) => !one.refusedOutright);
  const binding = runs.filter((one) => one.unconstrained > 1);
  const full = binding.filter((one) => one.used >= 0.98);
  const most = Math.max(...runs.map((one) => one.used));
  console.log(
    `    of ${runs.length} months that were served none used more than ${(100 * most).toFixed(1)} % of its budget; ` +
      `of ${binding.length} that would spend more without it ${full.length} used at least 98 %`,
  );
}

function printContexts(contexts: readonly ContextResult[]): void {
  if (contexts.length === 0) return;
  console.log("\n  contexts (up to 3, verifier 1/1): how callers name what a job is a case of");
  console.log("    naming                              quality  at98   at100  Brier  calibration error");
  for (const { naming, market, brier, calibrationError } of contexts)
    console.log(
      `    ${naming.padEnd(35)} ${three(market.quality)}    ${[market.at98, market.at100, brier].map(three).join("  ")}  ${calibrationError.toFixed(4)}`,
    );
}

const line = (row: Columns): string =>
  `${row.row.padEnd(40)} ${three(row.quality)}   ${[row.at95, row.at98, row.at100, row.aiq, row.aiqLog, row.gap].map(three).join("  ")}`;

/** missed, reach (at least the full-information row) or beyond (by two standard errors over seeds), for each figure. */
function verdictOf({ market, yardsticks, deviation }: RegimeResult): string {
  const row = yardsticks.at(-1);
  if (row === undefined) return "-";
  const errors = (sd: number) => (2 * sd) / Math.sqrt(deviation.seeds);
  const judge = (gain: number, twoErrors: number) => (gain >= twoErrors ? "beyond" : gain >= 0 ? "reach" : "missed");
  const cost = (name: string, own: number | null, theirs: number | null, sd: number) =>
    `${name} ${own === null ? (theirs === null ? "neither reaches it" : "missed") : theirs === null ? "beyond" : judge(theirs - own, errors(sd))}`;
  return [
    `quality ${judge(market.quality - row.quality, errors(deviation.quality))}`,
    cost("at 98 %", market.at98, row.at98, deviation.at98),
    cost("at 100 %", market.at100, row.at100, deviation.at100),
  ].join(", ");
}
