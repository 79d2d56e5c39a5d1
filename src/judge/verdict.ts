/** What one criterion said, with the evidence a person can check. */
export interface CriterionResult {
  /** Index in the contract: "schema", "criteria/0", "judged/1", "agreement". */
  criterion: string;
  class: "monotone" | "predictive" | "final" | "judged";
  result: "accept" | "reject" | "undecided";
  /** Short, made of numbers and the contract's own words; at most 200 characters of the answer are quoted. */
  evidence: string;
}

export interface Verdict {
  on: "prefix" | "whole";
  result: "accept" | "reject" | "undecided";
  criteria: CriterionResult[];
}
