/** What one criterion said, with the evidence a person can check. */
export interface CriterionResult {
  /** Index in the contract: "schema", "criteria/0", "judged/1", "agreement"; or built in: "calls", "labels", "empty", "repetition", "cap", "json". */
  criterion: string;
  class: "monotone" | "predictive" | "final" | "judged";
  result: "accept" | "reject" | "undecided";
  /** Short, made of numbers and the contract's own words; at most 200 characters of the answer are quoted. */
  evidence: string;
  /** On a prefix, with result "undecided": it holds so far, and only more text can break it. */
  standing?: true;
  /** Of a predictive reject on a prefix: the probability that the whole answer would have passed all the same. */
  pFalse?: number;
}

export interface Verdict {
  on: "prefix" | "whole";
  /** On a prefix, reject is by monotone criteria only; predictive rejects stand in `criteria` with their `pFalse`. */
  result: "accept" | "reject" | "undecided";
  criteria: CriterionResult[];
  /** On an accepted prefix: the criteria that more text can still break; a commit then bets against them. */
  risk?: string[];
}
