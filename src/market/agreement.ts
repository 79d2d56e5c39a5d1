import type { Kind } from "../plan/kind.ts";
import { bandOf, contextOf, type Features } from "./cell.ts";
import { short, within } from "./elementary.ts";
import { columnOf, competenceOf, viewKind } from "./profile.ts";
import { reliabilityOf } from "./reliability.ts";
import type { Outcome } from "./settlement.ts";
import type { MarketState } from "./state.ts";

export interface LabelledAnswer {
  bidder: string;
  /** Two bidders of one model have one vote. Absent: a model of its own. */
  model?: string;
  label: string;
  /** The bidder's own confidence; a claim, not used as truth. */
  confidence: number | null;
}

/**
 * What each answer of one closed microtask is taken to be worth, from what the others said: one-coin Dawid and Skene
 * (Applied Statistics 1979) with competences from the profiles, leaving the vote of each answer's own model out, so that
 * none confirms itself. By position; null: the others say too little. The reliability is how sure they are.
 */
export function agreementOutcomes(
  answers: readonly LabelledAnswer[],
  state: MarketState,
  kind: Kind,
  features: Features,
): (Outcome | null)[] {
  const view = viewKind(state, kind, state.kinds[kind]?.landmarkMs ?? 0);
  const column = columnOf(view.kind, contextOf(features)) ?? columnOf(view.kind, "");
  const band = bandOf(features.inputChars);
  const competence = answers.map((answer) => within(competenceOf(view, answer.bidder, column, band), 0.05, 0.98));
  const labels = [...new Set(answers.map((answer) => answer.label))].sort();
  const modelOf = (i: number) => answers[i]?.model ?? answers[i]?.bidder;
  const isFirst = (i: number) => answers.findIndex((_, j) => modelOf(j) === modelOf(i)) === i;
  const measured = reliabilityOf(state, "agreement");
  return answers.map((answer, own) => {
    const others = answers.map((_, i) => i).filter((i) => modelOf(i) !== modelOf(own) && isFirst(i));
    if (others.length === 0) return null;
    // One more label than was named: the truth may be none of them.
    const choices = Math.max(2, labels.length + 1);
    const weights = labels.map((label) => {
      let product = 1;
      for (const i of others) {
        const p = competence[i] ?? 0.5;
        product *= answers[i]?.label === label ? p : (1 - p) / (choices - 1);
      }
      return product;
    });
    let unnamed = 1;
    for (const i of others) unnamed *= (1 - (competence[i] ?? 0.5)) / (choices - 1);
    const total = weights.reduce((sum, w) => sum + w, unnamed);
    let best = 0;
    weights.forEach((w, i) => {
      if (w > (weights[best] ?? 0)) best = i;
    });
    const sure = total > 0 ? (weights[best] ?? 0) / total : 0;
    const consensus = labels[best] ?? null;
    if (others.length === 1 && answer.label !== consensus) {
      // Two alone contradict each other: one of them errs, or both. Left out of its own judgement each would be the
      // other's error, every time, and both would sink to nothing; with its own vote they share what is left.
      const p = competence[own] ?? 0.5;
      const miss = (1 - p) / (choices - 1);
      const right = p * (weights[labels.indexOf(answer.label)] ?? 0);
      const all = labels.reduce(
        (sum, label, i) => sum + (label === answer.label ? p : miss) * (weights[i] ?? 0),
        miss * unnamed,
      );
      return { worth: short(right / all, 4), source: "agreement", reliability: { trueAccept: 1, trueReject: 1 } };
    }
    // If the consensus is right with probability s: a right answer matches it with s; a wrong one differs with s and
    // a little more. What agreement was measured to be worth bounds both.
    const trueAccept = within(sure, 0, measured.trueAccept);
    const trueReject = within(sure + (1 - sure) * (1 - 1 / (choices - 1)), 0, Math.max(measured.trueReject, 0.5));
    if (trueAccept + trueReject < 1.2) return null;
    return {
      worth: answer.label === consensus ? 1 : 0,
      source: "agreement",
      reliability: { trueAccept: short(trueAccept, 4), trueReject: short(trueReject, 4) },
    };
  });
}
