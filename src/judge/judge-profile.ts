import type { Bidder } from "../market/bidder.ts";

/** Successes and failures with their prior: mean = yes / (yes + no). */
export interface BetaCount {
  yes: number;
  no: number;
}

/** How far a judge's word can be trusted, from comparisons with deterministic truth, audits and feedback. */
export interface JudgeProfile {
  /** P(says accept | good). */
  trueAccept: BetaCount;
  /** P(says reject | bad). */
  trueReject: BetaCount;
  /** Pairs it judged alike in both orders. */
  consistent: BetaCount;
}

/** Before anything is known: 0.8 and 0.7 with the weight of ten observations (judges accept too easily). */
export const newJudge: JudgeProfile = {
  trueAccept: { yes: 8, no: 2 },
  trueReject: { yes: 7, no: 3 },
  consistent: { yes: 8, no: 2 },
};

export const meanOf = ({ yes, no }: BetaCount): number => yes / (yes + no);

export type JudgeLesson =
  /** What it said of an answer whose worth became known; `weight` 0 to 1: how reliable that knowledge is. */
  | { about: "verdict"; said: "accept" | "reject"; good: boolean; weight: number }
  | { about: "order"; consistent: boolean };

/** Weight beyond which old lessons fade, so that a judge that changes is noticed. */
const heaviest = 500;

/** The profile after one lesson; the old one is left as it is. */
export function learnJudge(profile: JudgeProfile, lesson: JudgeLesson): JudgeProfile {
  if (lesson.about === "order") return { ...profile, consistent: add(profile.consistent, lesson.consistent, 1) };
  const weight = Math.min(1, Math.max(0, lesson.weight));
  if (lesson.good) return { ...profile, trueAccept: add(profile.trueAccept, lesson.said === "accept", weight) };
  return { ...profile, trueReject: add(profile.trueReject, lesson.said === "reject", weight) };
}

function add({ yes, no }: BetaCount, success: boolean, weight: number): BetaCount {
  const fade = Math.min(1, heaviest / (yes + no + weight));
  return { yes: (yes + (success ? weight : 0)) * fade, no: (no + (success ? 0 : weight)) * fade };
}

/**
 * The judge of a race: enabled, generative, not a contestant nor of a contestant's weights; of another family than
 * every contestant where there is one. Then the most informative for its price: (trueAccept + trueReject - 1), Youden's
 * J, less a tenth for each doubling of the price over the cheapest. null: there is none, so model judging is off.
 */
export function chooseJudge(
  candidates: readonly Bidder[],
  contestants: readonly Bidder[],
  profiles: Readonly<Record<string, JudgeProfile>> = {},
): { judge: Bidder; otherFamily: boolean; why: string } | null {
  const eligible = candidates.filter(
    (bidder) =>
      bidder.enabled &&
      bidder.serves === "generative" &&
      !contestants.some((one) => one.id === bidder.id || one.model === bidder.model),
  );
  const strangers = eligible.filter((bidder) => !contestants.some((one) => one.family === bidder.family));
  const pool = strangers.length > 0 ? strangers : eligible;
  const cheapest = Math.min(...pool.map(priceOf));
  let best: { judge: Bidder; score: number } | null = null;
  for (const judge of pool) {
    const profile = profiles[judge.id] ?? newJudge;
    const informed = meanOf(profile.trueAccept) + meanOf(profile.trueReject) - 1;
    const score = informed - 0.1 * Math.log2(priceOf(judge) / cheapest);
    if (best === null || score > best.score || (score === best.score && judge.id < best.judge.id))
      best = { judge, score };
  }
  if (best === null) return null;
  const otherFamily = strangers.length > 0;
  const why = otherFamily ? "of another family than every contestant" : "of a contestant's family: there is no other";
  return { judge: best.judge, otherFamily, why };
}

/** A judge reads much and writes little: ten input tokens to one. Free bidders count as 1 nano-USD. */
const priceOf = ({ price }: Bidder): number => Math.max(1, price.inputPerMtok * 10 + price.outputPerMtok);
