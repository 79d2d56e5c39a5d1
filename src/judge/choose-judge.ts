import type { Bidder } from "../market/bidder.ts";
import { type JudgeProfile, newJudge, ratesOf } from "../market/judge-profile.ts";

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
  const eligible = mayJudge(candidates, contestants);
  const strangers = ofOtherFamilies(eligible, contestants);
  const pool = strangers.length > 0 ? strangers : eligible;
  const cheapest = Math.min(...pool.map(priceOf));
  let best: { judge: Bidder; score: number } | null = null;
  for (const judge of pool) {
    const { trueAccept, trueReject } = ratesOf(profiles[judge.id] ?? newJudge);
    const informed = trueAccept + trueReject - 1;
    const score = informed - 0.1 * Math.log2(priceOf(judge) / cheapest);
    if (best === null || score > best.score || (score === best.score && judge.id < best.judge.id))
      best = { judge, score };
  }
  if (best === null) return null;
  const otherFamily = strangers.length > 0;
  const why = otherFamily ? "of another family than every contestant" : "of a contestant's family: there is no other";
  return { judge: best.judge, otherFamily, why };
}

/**
 * Who audits a judge's verdict: eligible as a judge is, of other weights than that judge, and stronger than it by
 * `quality` (of equals, dearer); of another family than every contestant where there is one. The strongest of these.
 */
export function chooseAuditor(
  candidates: readonly Bidder[],
  contestants: readonly Bidder[],
  judge: Bidder,
  quality: (bidder: Bidder) => number,
): { auditor: Bidder; otherFamily: boolean } | null {
  const isStronger = (a: Bidder, b: Bidder): boolean => {
    const [x, y] = [quality(a), quality(b)];
    return x === y ? priceOf(a) > priceOf(b) : x > y;
  };
  const stronger = mayJudge(candidates, contestants).filter((b) => b.model !== judge.model && isStronger(b, judge));
  const strangers = ofOtherFamilies(stronger, contestants);
  let best: Bidder | null = null;
  for (const bidder of strangers.length > 0 ? strangers : stronger)
    if (best === null || isStronger(bidder, best) || (!isStronger(best, bidder) && bidder.id < best.id)) best = bidder;
  return best === null ? null : { auditor: best, otherFamily: strangers.length > 0 };
}

const mayJudge = (candidates: readonly Bidder[], contestants: readonly Bidder[]): Bidder[] =>
  candidates.filter(
    (bidder) =>
      bidder.enabled &&
      bidder.serves === "generative" &&
      !contestants.some((one) => one.id === bidder.id || one.model === bidder.model),
  );

const ofOtherFamilies = (bidders: readonly Bidder[], contestants: readonly Bidder[]): Bidder[] =>
  bidders.filter((bidder) => !contestants.some((one) => one.family === bidder.family));

/** A judge reads much and writes little: ten input tokens to one. Free bidders count as 1 nano-USD. */
const priceOf = ({ price }: Bidder): number => Math.max(1, price.inputPerMtok * 10 + price.outputPerMtok);
