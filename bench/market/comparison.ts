import { seededRandom } from "../../src/market/market.ts";
import { progress } from "../progress.ts";
import { type BudgetResult, budgetRuns } from "./budget.ts";
import {
  aiq,
  brier,
  calibrationError,
  costAt,
  deviation,
  mean,
  type Point,
  pairedInterval,
  quantile,
} from "./figures.ts";
import { namings } from "./namings.ts";
import { type Judge, Pass, type PassOptions, shuffled, type Tally } from "./pass.ts";
import type { RecordedSet } from "./recorded.ts";
import { bestSingle, fullInformation, oracle, randomPick, single, tableClaims } from "./yardstick.ts";

/** Fixed beforehand, for every set: USD of score per USD of cost, at a value of 20 x the dearest model's mean cost. */
export const lambdas = [0.01, 0.1, 0.4, 1, 2, 4, 8, 15, 30, 60, 120, 250, 500, 1500, 6000];

export interface Regime {
  name: string;
  places: number;
  trueAccept: number;
  trueReject: number;
  /** Price of a look, in mean costs of the cheapest model. A deterministic verifier is free. */
  look: number;
}

export const regimes: Regime[] = [
  { name: "one, verifier 1/1", places: 1, trueAccept: 1, trueReject: 1, look: 0 },
  { name: "up to 3, verifier 1/1", places: 3, trueAccept: 1, trueReject: 1, look: 0 },
  { name: "up to 3, judge .95/.90", places: 3, trueAccept: 0.95, trueReject: 0.9, look: 1.5 },
  { name: "up to 3, judge .90/.70", places: 3, trueAccept: 0.9, trueReject: 0.7, look: 1.5 },
];

/** Columns of one row. Costs are fractions of the best single model's; null: never reached. */
export interface Columns {
  row: string;
  quality: number;
  at95: number | null;
  at98: number | null;
  at100: number | null;
  aiq: number;
  aiqLog: number;
  /** Share of the way from the best single model to the oracle. */
  gap: number;
}

export interface RegimeResult {
  regime: string;
  market: Columns;
  deviation: { seeds: number; quality: number; at98: number; at100: number };
  yardsticks: Columns[];
  /** 90 % interval (paired bootstrap over seeds) of max quality less the full-information row's. */
  difference: [number, number];
  deployed: { lambda: number; quality: number; cost: number };
  brier: number;
  calibrationError: number;
  brierAfter: number;
  /** The same of the full-information task table's claims: what knowing every outcome of train would reach. */
  tableClaims: { brier: number; calibrationError: number };
  decisionMs: { p50: number; p99: number };
}

/** How callers name what their jobs are cases of, and what the market makes of it (up to 3, verifier 1/1). */
export interface ContextResult {
  naming: string;
  market: Columns;
  brier: number;
  calibrationError: number;
}

export interface Comparison {
  set: string;
  bidders: number;
  train: number;
  test: number;
  seeds: number;
  bestSingle: { bidder: string; quality: number; costUsd: number };
  regimes: RegimeResult[];
  budgets: BudgetResult[];
  contexts: ContextResult[];
}

/**
 * `only`: regimes whose name holds it. `contexts`: how contexts are named is compared, too. `evaluated`: so many
 * rows of train, half of it at most, are told beforehand, all outcomes of them, and only the others are served.
 */
export function compare(
  set: RecordedSet,
  seeds: number,
  only: string | null,
  { contexts = false, evaluated = 0 } = {},
): Comparison {
  const best = bestSingle(set);
  const reference = single(set.test, best);
  return {
    set: set.name,
    bidders: set.bidders.length,
    train: set.train.length,
    test: set.test.length,
    seeds,
    bestSingle: { bidder: set.bidders[best]?.id ?? "", quality: reference.quality, costUsd: reference.costNano / 1e9 },
    regimes: regimes
      .filter((regime) => !only || regime.name.includes(only))
      .map((regime) => runRegime(set, regime, seeds, best, { evaluated })),
    budgets:
      evaluated > 0 || (only && !"budget".includes(only))
        ? []
        : budgetRuns(set, judgeOf(set, "up to 3, judge .95/.90"), worthOf(set), 3, seeds),
    contexts: contexts ? contextRuns(set, seeds, best) : [],
  };
}

function contextRuns(set: RecordedSet, seeds: number, best: number): ContextResult[] {
  const regime = regimes.find((one) => one.name === "up to 3, verifier 1/1");
  if (!regime) return [];
  return namings.map(([naming, contextOf]) => {
    const { market, brier, calibrationError } = runRegime(set, regime, seeds, best, { contextOf });
    return { naming, market, brier, calibrationError };
  });
}

const meansOf = (set: RecordedSet): number[] => set.bidders.map((_, i) => single(set.train, i).costNano);
const worthOf = (set: RecordedSet): number => Math.round(20 * Math.max(...meansOf(set)));

function judgeOf(set: RecordedSet, name: string): Judge {
  const regime = regimes.find((one) => one.name === name);
  if (!regime) throw new Error(`There is no regime ${name}.`);
  return {
    trueAccept: regime.trueAccept,
    trueReject: regime.trueReject,
    costNano: Math.round(regime.look * Math.min(...meansOf(set))),
  };
}

function runRegime(
  set: RecordedSet,
  regime: Regime,
  seeds: number,
  best: number,
  { contextOf, evaluated = 0 }: Pick<PassOptions, "contextOf"> & { evaluated?: number },
): RegimeResult {
  const reference = single(set.test, best);
  const means = meansOf(set);
  const cheapest = means.indexOf(Math.min(...means));
  const valueNano = worthOf(set);
  const judge = judgeOf(set, regime.name);
  const top = oracle(set.test);
  const floor = single(set.test, cheapest);
  const columns = (row: string, points: Point[]): Columns => ({
    row,
    quality: Math.max(...points.map((p) => p.quality)),
    at95: ratio(costAt(points, 0.95 * reference.quality), reference),
    at98: ratio(costAt(points, 0.98 * reference.quality), reference),
    at100: ratio(costAt(points, reference.quality), reference),
    aiq: aiq(points, floor.costNano, reference.costNano, false),
    aiqLog: aiq(points, floor.costNano, reference.costNano, true),
    gap:
      (Math.max(...points.map((p) => p.quality)) - reference.quality) / Math.max(1e-9, top.quality - reference.quality),
  });
  const perSeed: { points: Point[]; columns: Columns }[] = [];
  const deployed: { lambda: number; point: Point }[] = [];
  const calibration: { brier: number; error: number; after: number }[] = [];
  const decisionMs: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    progress(`${set.name}, ${regime.name}: seed ${seed} of ${seeds}`);
    const train = shuffled(set.train, seededRandom(`order/${seed}`));
    const test = shuffled(set.test, seededRandom(`order/test/${seed}`));
    const runs = lambdas.map((lambda) => {
      const pass = new Pass(set, {
        lambda,
        valueNano,
        places: regime.places,
        judge,
        seed,
        ...(contextOf ? { contextOf } : {}),
      });
      const told = Math.min(evaluated, train.length / 2);
      if (told > 0) pass.evaluate(train.slice(0, told));
      pass.run(train.slice(told, train.length / 2));
      const late = pass.run(train.slice(train.length / 2));
      return { lambda, late, test: pass.run(test, true) };
    });
    const points = runs.map((run) => run.test as Point);
    perSeed.push({ points, columns: columns("market", points) });
    const trainReference = single(set.train, best);
    const good = runs.filter((run) => run.late.quality >= trainReference.quality);
    const fixed = (good.length > 0 ? good : runs).reduce((a, b) =>
      good.length > 0 ? (b.late.costNano < a.late.costNano ? b : a) : b.late.quality > a.late.quality ? b : a,
    );
    deployed.push({ lambda: fixed.lambda, point: fixed.test });
    calibration.push(calibrationOf(fixed.test));
    for (const run of runs) for (const ms of run.test.decisionMs) decisionMs.push(ms);
  }
  const table = fullInformation(set, regime.places, judge, fineLambdas, valueNano);
  const name = regime.places === 1 ? "full-information task table" : "full-information best sequence of three";
  const yardstick = columns(name, table);
  const { claims, truths } = tableClaims(set);
  return {
    regime: regime.name,
    market: average(perSeed.map((one) => one.columns)),
    deviation: {
      seeds,
      quality: deviation(perSeed.map((one) => one.columns.quality)),
      at98: deviation(perSeed.map((one) => one.columns.at98 ?? 9)),
      at100: deviation(perSeed.map((one) => one.columns.at100 ?? 9)),
    },
    yardsticks: [
      columns("cheapest", [floor]),
      columns("best single", [reference]),
      columns("random", [randomPick(set.test, set.bidders.length)]),
      columns("oracle", [top]),
      yardstick,
    ],
    difference: pairedInterval(
      perSeed.map((one) => one.columns.quality),
      perSeed.map(() => yardstick.quality),
      seededRandom("bootstrap"),
    ),
    deployed: {
      lambda: quantile(
        deployed.map((one) => one.lambda),
        0.5,
      ),
      quality: mean(deployed.map((one) => one.point.quality)),
      cost: mean(deployed.map((one) => one.point.costNano)) / reference.costNano,
    },
    brier: mean(calibration.map((one) => one.brier)),
    calibrationError: mean(calibration.map((one) => one.error)),
    brierAfter: mean(calibration.map((one) => one.after)),
    tableClaims: { brier: brier(claims, truths), calibrationError: calibrationError(claims, truths) },
    decisionMs: { p50: quantile(decisionMs, 0.5), p99: quantile(decisionMs, 0.99) },
  };
}

/** The yardstick may choose among more settings than the market: it must not be held back by the grid. */
const fineLambdas = Array.from({ length: 60 }, (_, i) => 0.01 * 1.23 ** i);

const ratio = (costNano: number | null, reference: Point): number | null =>
  costNano === null ? null : costNano / reference.costNano;

const calibrationOf = (tally: Tally) => ({
  brier: brier(tally.claims, tally.truths),
  error: calibrationError(tally.claims, tally.truths),
  after: brier(tally.laterClaims, tally.laterTruths),
});

/** Mean over seeds; a cost that some seed never reached is null. */
function average(rows: readonly Columns[]): Columns {
  const of = (key: "quality" | "aiq" | "aiqLog" | "gap") => mean(rows.map((row) => row[key]));
  const reached = (key: "at95" | "at98" | "at100") =>
    rows.some((row) => row[key] === null) ? null : mean(rows.map((row) => row[key] ?? 0));
  return {
    row: "market",
    quality: of("quality"),
    at95: reached("at95"),
    at98: reached("at98"),
    at100: reached("at100"),
    aiq: of("aiq"),
    aiqLog: of("aiqLog"),
    gap: of("gap"),
  };
}
