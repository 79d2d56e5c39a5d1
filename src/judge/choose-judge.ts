import type { Bidder } from "../market/bidder.ts";
import { type JudgeProfile, meanOf, newJudge } from "../market/judge-profile.ts";

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
