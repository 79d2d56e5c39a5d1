import type { NanoUsd } from "../money/nano-usd.ts";
import type { CriterionResult, Verdict } from "./verdict.ts";

/** Is it worth stopping an attempt that may be good after all? P(false) x value of the answer < what stopping saves. */
export function worthKilling({
  pFalse,
  valueNano,
  remainingCostNano,
}: {
  pFalse: number;
  valueNano: NanoUsd;
  remainingCostNano: NanoUsd;
}): boolean {
  return pFalse * valueNano < remainingCostNano;
}

/** The surest predictive reject of a prefix verdict; null: none. Whether to act on it is a matter of price. */
export function surestPrediction(verdict: Verdict): (CriterionResult & { pFalse: number }) | null {
  let surest: (CriterionResult & { pFalse: number }) | null = null;
  if (verdict.on !== "prefix") return null;
  for (const result of verdict.criteria) {
    if (result.class !== "predictive" || result.result !== "reject") continue;
    const pFalse = result.pFalse ?? 1;
    if (surest === null || pFalse < surest.pFalse) surest = { ...result, pFalse };
  }
  return surest;
}

/** Share of bad answers that a predictive criterion notices; its misses only make it less useful, not more wrong. */
const noticed = 0.95;

/**
 * P(the answer is good | a predictive criterion rejects it), by Bayes: from how often it rejects good answers
 * (measured) and how many answers are bad in its sense (prior). With few bad answers even a rare alarm is often false.
 */
export function falseKillChance(falseAlarm: number, priorBad: number): number {
  const good = falseAlarm * (1 - priorBad);
  return good / (good + noticed * priorBad);
}
