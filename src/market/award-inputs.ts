import type { Strategy } from "./bid.ts";

/**
 * What an award reads besides the bids, kept in the decision's event as `inputs`. All numbers are rounded before they
 * are used, so that the event's JSON is the whole truth.
 */
export interface AwardInputs {
  /**
   * What the line-up was made by. 4: who costs nothing is not started beside another of its provider that costs nothing:
   * they share a machine. 3: hedges are chosen for speed, beside the sequence. 2: who stands by or hedges differs in
   * model, too, where somebody does. Absent in decisions before: in provider.
   */
  rules?: 2 | 3 | 4;
  strategy: Strategy;
  closed: boolean;
  /** Places that may be filled: attempts left. */
  places: number;
  budgetNano: number | null;
  deadlineMs: number | null;
  verdict: { trueAccept: number; trueReject: number; costNano: number };
  /** Looks at the answers of these bids (indices) that cost something else, nano-USD. Absent: none does. */
  looks?: [bid: number, nano: number][];
  /** Loading of the co-failure model and the belief about this input at its nodes, after what was tried. */
  loading: number;
  belief: number[];
  /** Nothing was seen of this input yet. */
  fresh: boolean;
  /** By bid: calibrated mean, strength, drawn value, P(answers in time), odds of failing with those tried, model and provider number, what was added to the mean before the draw. */
  rows: AwardRow[];
  /** Probability that the leader is drawn by `trials` instead, and the leader it drew (index of a bid), if it did. */
  floor: number;
  /** Share of each bid in such draws; sums to 1. */
  trials: number[];
  random: number | null;
  /** Bids (indices) that run beside the leader as a random audit. */
  audit: number[];
  auditRate: number;
}

/** What an award reads of one bid. Chances and means 0 to 1; `strength`: pseudo-counts behind the mean; `lift`: odds, 1 or more. */
export type AwardRow = [
  mean: number,
  strength: number,
  drawn: number,
  answers: number,
  lift: number,
  model: number,
  provider: number,
  optimism: number,
];

/** What money and time weigh: nano-USD of an accepted answer, USD of score per USD of cost, USD a second of waiting. */
export interface AwardTerms {
  valueNano: number;
  lambda: number;
  muUsdPerSecond: number;
}
