import type { Kind } from "../plan/kind.ts";
import { bandOf, contextOf, type Features } from "./cell.ts";
import { short, within } from "./elementary.ts";
import { columnOf, competenceOf, viewKind } from "./profile.ts";
import { reliabilityOf } from "./reliability.ts";
import type { Outcome } from "./settlement.ts";
import type { MarketState } from "./state.ts";
import { provenConfidence } from "./sureness.ts";

/** One answer of a closed microtask, as a vote. */
export interface LabelledAnswer {
  bidder: string;
  /** Two bidders of one model have one vote. Absent: a model of its own. */
  model?: string;
  label: string;
  /** The bidder's own confidence, 0 to 1: a claim. It counts where `measured`, and only beside one other answer. */
  confidence: number | null;
  /** Its confidences were measured against labels (see `Bidder`). */
  measured?: boolean;
}

/**
 * What each answer of one closed microtask is taken to be worth, from what the others said: one-coin Dawid and Skene
 * (Applied Statistics 1979) with competences from the profiles. Of three or more the vote of each answer's own model is
 * left out, so that none confirms itself; of two it counts (see below). By position; null: the others say too little.
 * The reliability is how sure they are.
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
  const voteOf = (i: number): Vote => {
    const { bidder, confidence, measured = false } = answers[i] ?? { bidder: "", confidence: null };
    const row = view.kind?.rows[view.rows.get(bidder) ?? -1];
    // A level that nobody measured is a boast as likely as not.
    return { competence: competence[i] ?? 0.5, sure: measured ? provenConfidence(row, confidence) : null };
  };
  const labels = [...new Set(answers.map((answer) => answer.label))].sort();
  const modelOf = (i: number) => answers[i]?.model ?? answers[i]?.bidder;
  const isFirst = (i: number) => answers.findIndex((_, j) => modelOf(j) === modelOf(i)) === i;
  const reliable = reliabilityOf(state, "agreement");
  return answers.map((answer, own) => {
    const others = answers.map((_, i) => i).filter((i) => modelOf(i) !== modelOf(own) && isFirst(i));
    const [other] = others;
    if (other === undefined) return null;
    if (others.length === 1) {
      const agree = answer.label === answers[other]?.label;
      const worth = worthOfOneOfTwo([voteOf(own), voteOf(other)], agree, reliable);
      return { worth: short(worth, 4), source: "agreement", reliability: { trueAccept: 1, trueReject: 1 } };
    }
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
    // If the consensus is right with probability s: a right answer matches it with s; a wrong one differs with s and
    // a little more. What agreement was measured to be worth bounds both.
    const trueAccept = within(sure, 0, reliable.trueAccept);
    const trueReject = within(sure + (1 - sure) * (1 - 1 / (choices - 1)), 0, Math.max(reliable.trueReject, 0.5));
    if (trueAccept + trueReject < 1.2) return null;
    return {
      worth: answer.label === consensus ? 1 : 0,
      source: "agreement",
      reliability: { trueAccept: short(trueAccept, 4), trueReject: short(trueReject, 4) },
    };
  });
}

interface Vote {
  /** Share of right answers, from the profile. */
  competence: number;
  /** What the confidence it named has proved to mean; null: it named none, or nobody measured what its levels mean. */
  sure: number | null;
}

/**
 * P(right) of an answer beside which there is one other, given both: a step of expectation maximisation with its own vote
 * counted. Left out of its own judgement each would be taken for right as often as the two agree: too seldom, and
 * two that often contradict each other would sink to nothing together. Agreement counts no more than it was measured to.
 */
function worthOfOneOfTwo(
  votes: readonly Vote[],
  agree: boolean,
  reliable: { trueAccept: number; trueReject: number },
): number {
  const [p = 0.5, q = 0.5] = chancesOf(votes);
  if (agree) {
    const good = p * reliable.trueAccept;
    return Math.min((p * q) / (p * q + (1 - p) * (1 - q)), good / (good + (1 - p) * (1 - reliable.trueReject)));
  }
  // One errs, or both do: of three labels, the one that nobody named is the truth.
  const right = 2 * p * (1 - q);
  return right / (right + 2 * q * (1 - p) + (1 - p) * (1 - q));
}

/**
 * Two that are right so often and two that are wrong so often agree as often: what they say of each other cannot tell
 * (the model is known up to this swap of labels), and it is taken to be the former. Else a few contradictions at the
 * start lead to the latter, where agreement is held against both.
 */
const aboveChance = 0.6;

/**
 * Chances of two answers to be right before they are compared: odds of each one's competence, times those of the
 * confidence it named where both named one. Where they contradict each other and there is no label, nothing else tells
 * who errs: with equal competences and no such word both would lead half of the time, the worse one too.
 */
function chancesOf(votes: readonly Vote[]): number[] {
  const said = votes.every(({ sure }) => sure !== null);
  return votes.map(({ competence, sure }) => {
    const p = Math.max(competence, aboveChance);
    return said && sure !== null ? (p * sure) / (p * sure + (1 - p) * (1 - sure)) : p;
  });
}
