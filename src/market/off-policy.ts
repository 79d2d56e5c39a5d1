import { toUsd } from "../money/nano-usd.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Decision } from "./bid.ts";
import { propensities } from "./propensity.ts";

/** A logged decision with what came of its first place. */
export interface Logged {
  decision: Decision;
  first: { bidder: string; worth: number; costNano: number };
}

/** Another way to choose a leader: a probability for each bid, summing to 1; null: it could choose none of these. */
export type TargetPolicy = (decision: Decision) => number[] | null;

/** What the target would have brought, by one estimator. */
export interface Estimate {
  estimator: "logged" | "inverse propensity" | "self-normalised" | "doubly robust";
  /** Mean worth (0 to 1) and cost (nano-USD) a decision, with standard errors. */
  worth: number;
  worthError: number;
  costNano: number;
  costError: number;
}

/** All estimates of one target, and how much of the log speaks for it. */
export interface OffPolicyResult {
  decisions: number;
  /** Decisions left out, for the target could choose nobody there. */
  unable: number;
  /** (sum of weights)^2 / sum of squared weights: decisions that speak for the target. */
  effective: number;
  largestWeight: number;
  estimates: Estimate[];
}

/**
 * What another policy would have brought, from logs: inverse propensity scoring and doubly robust estimation (Dudik,
 * Langford and Li, ICML 2011) with the bids' own claims as the model. Propensities are computed here, outside the
 * decision, from what its event stores. Rows whose first bidder is not among the bids are skipped.
 */
export function estimatePolicy(log: readonly Logged[], target: TargetPolicy, draws = 200): OffPolicyResult {
  const rows: {
    weight: number;
    worth: number;
    cost: number;
    modelWorth: number;
    modelCost: number;
    residualWorth: number;
    residualCost: number;
  }[] = [];
  let unable = 0;
  for (const { decision, first } of log) {
    const at = decision.bids.findIndex((bid) => bid.bidder === first.bidder);
    const bid = decision.bids[at];
    if (!bid || !Number.isFinite(first.worth) || !Number.isFinite(first.costNano)) continue;
    const chance = target(decision);
    if (chance === null) {
      unable++;
      continue;
    }
    const logged = propensities(decision, draws)[first.bidder] ?? 0;
    if (logged <= 0) continue;
    const weight = (chance[at] ?? 0) / logged;
    let modelWorth = 0;
    let modelCost = 0;
    decision.bids.forEach((one, i) => {
      modelWorth += (chance[i] ?? 0) * one.accept.mean;
      modelCost += (chance[i] ?? 0) * one.costNano;
    });
    rows.push({
      weight,
      worth: first.worth,
      cost: first.costNano,
      modelWorth,
      modelCost,
      residualWorth: first.worth - bid.accept.mean,
      residualCost: first.costNano - bid.costNano,
    });
  }
  const n = rows.length;
  const sumWeight = rows.reduce((sum, row) => sum + row.weight, 0);
  const squares = rows.reduce((sum, row) => sum + row.weight * row.weight, 0);
  const of = (
    estimator: Estimate["estimator"],
    worth: (row: (typeof rows)[number]) => number,
    cost: (row: (typeof rows)[number]) => number,
  ) => {
    const [w, we] = meanAndError(rows.map(worth));
    const [c, ce] = meanAndError(rows.map(cost));
    return { estimator, worth: w, worthError: we, costNano: c, costError: ce };
  };
  const normalised = (of: (row: (typeof rows)[number]) => number): [mean: number, error: number] => {
    if (!(sumWeight > 0)) return [0, 0];
    const mean = rows.reduce((sum, row) => sum + row.weight * of(row), 0) / sumWeight;
    // The weights' sum is random, too: what counts is how far worths lie from their mean, not from zero.
    const spread = rows.reduce((sum, row) => sum + (row.weight * (of(row) - mean)) ** 2, 0);
    return [mean, Math.sqrt(spread) / sumWeight];
  };
  const [worth, worthError] = normalised((row) => row.worth);
  const [costNano, costError] = normalised((row) => row.cost);
  return {
    decisions: n,
    unable,
    effective: squares > 0 ? (sumWeight * sumWeight) / squares : 0,
    largestWeight: rows.reduce((most, row) => Math.max(most, row.weight), 0),
    estimates: [
      of(
        "logged",
        (row) => row.worth,
        (row) => row.cost,
      ),
      of(
        "inverse propensity",
        (row) => row.weight * row.worth,
        (row) => row.weight * row.cost,
      ),
      { estimator: "self-normalised", worth, worthError, costNano, costError },
      of(
        "doubly robust",
        (row) => row.modelWorth + row.weight * row.residualWorth,
        (row) => row.modelCost + row.weight * row.residualCost,
      ),
    ],
  };
}

function meanAndError(list: readonly number[]): [mean: number, error: number] {
  const n = list.length;
  if (n === 0) return [0, 0];
  const mean = list.reduce((sum, x) => sum + x, 0) / n;
  const variance = list.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / Math.max(1, n - 1);
  return [mean, Math.sqrt(variance / n)];
}

/** The bid with the largest key gets everything; of equals the first. */
const greedy =
  (key: (bid: Bid, i: number) => number): TargetPolicy =>
  (decision) => {
    let best = 0;
    decision.bids.forEach((bid, i) => {
      const top = decision.bids[best];
      if (top && key(bid, i) > key(top, best)) best = i;
    });
    return decision.bids.map((_, i) => (i === best ? 1 : 0));
  };

/** Named targets: "cheapest", "likeliest", "uniform", "lambda=2" (means under another price of cost), "only=ID". */
export function targetPolicy(name: string): TargetPolicy | null {
  if (name === "cheapest") return greedy((bid) => -bid.costNano);
  if (name === "likeliest") return greedy((bid) => bid.accept.mean);
  if (name === "uniform") return (decision) => decision.bids.map(() => 1 / decision.bids.length);
  const [key, value = ""] = name.split("=", 2);
  if (key === "only" && value)
    return ({ bids }) =>
      bids.some((bid) => bid.bidder === value) ? bids.map((bid) => (bid.bidder === value ? 1 : 0)) : null;
  const lambda = Number(value);
  if (key !== "lambda" || value === "" || !(lambda >= 0)) return null;
  return (decision) => {
    const inputs = decision.inputs as AwardInputs;
    const looks = new Map(inputs.looks);
    const price = (bid: Bid, i: number) =>
      lambda * toUsd(bid.costNano + (looks.get(i) ?? inputs.verdict.costNano)) +
      (decision.muUsdPerSecond * bid.totalMs.p50) / 1000;
    return greedy((bid, i) => toUsd(decision.valueNano) * bid.accept.mean - price(bid, i))(decision);
  };
}
