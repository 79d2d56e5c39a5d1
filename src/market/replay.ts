import { awardOf } from "./award.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Decision, Place } from "./bid.ts";

/** Repeats a decision from its event alone, stored draws included. Equal bit for bit to what was decided. */
export function replay(decision: Decision): { award: Place[]; scores: number[] } {
  const inputs = decision.inputs as AwardInputs;
  const { award, scores } = awardOf(decision.bids, inputs, decision);
  return { award, scores };
}
