import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import { meanOf } from "../market/judge-profile.ts";
import type { Bid, Decision, Place } from "../market/market.ts";
import type { Outlook, PrefixLook, RaceState } from "../race/race.ts";
import { judgeFor, leftForLooks, lookCost } from "./judge-choice.ts";
import { estimateJudged } from "./messages.ts";
import { bidderNamed, isEmbedded, type Scene } from "./scene.ts";

/** Before the first look at a prefix there is too little to judge, tokens. */
const firstLookTokens = 64;

/** What money, health and the judge say of an open race. */
export function expectations(
  job: Job,
  microtask: MicrotaskState,
  decision: Decision,
  scene: Scene,
): Pick<RaceState, "outlook" | "valueNano" | "hedging" | "prefixLook"> {
  return {
    outlook: outlookOf(decision, scene),
    valueNano: decision.valueNano,
    hedging: scene.fleet.mayHedge(),
    prefixLook: prefixLookOf(job, microtask, scene),
  };
}

/** What the bids of a line-up expect, place by place. null: a bid or its bidder is not there. */
export function outlookOf(decision: Decision, scene: Scene): Outlook[] | null {
  const outlook: Outlook[] = [];
  for (const place of decision.award) {
    const bid = decision.bids.find((one) => one.bidder === place.bidder);
    const price = bidderNamed(scene, place.bidder)?.price;
    if (bid === undefined || price === undefined) return null;
    const outputTokens = tokensOf(bid);
    const streamingMs = Math.max(1, bid.totalMs.p50 - bid.firstTokenMs.p50);
    outlook.push({
      accept: bid.accept.mean,
      outputTokens,
      tokensPerSecond: Math.max(0.1, (1000 * outputTokens) / streamingMs),
      nanoPerToken: price.outputPerMtok / 1e6,
    });
  }
  return outlook;
}

/** Output tokens a bid expects; at least 1. */
export function tokensOf(bid: Bid): number {
  const claimed = bid.reasons.outputTokens;
  return typeof claimed === "number" && claimed >= 1 ? claimed : 1;
}

/** Output an attempt was expected to send in all, the bid's figure less what it goes on from; 0: none is claimed. */
export function expectedOutput(microtask: MicrotaskState, attempt: Attempt): number {
  const bid = microtask.decisions[attempt.round - 1]?.bids.find((b) => b.bidder === attempt.bidder);
  const claimed = bid?.reasons.outputTokens;
  if (typeof claimed !== "number") return 0;
  return Math.max(0, Math.min(claimed - (attempt.continues?.tokens ?? 0), attempt.maxOutputTokens));
}

/**
 * Places that should not start now, besides those that cannot: their bidder is not there, or it has judged, so that its
 * own answer would gain by what it said. When that is everyone left, nobody is: a bidder that may fail is better than a
 * microtask that must.
 */
export function awayNow(
  lineUp: readonly Place[],
  cannot: readonly number[],
  microtask: MicrotaskState,
  scene: Scene,
): number[] {
  const round = microtask.decisions.length;
  const away: number[] = [];
  let free = 0;
  for (const [place, { bidder }] of lineUp.entries()) {
    if (cannot.includes(place)) continue;
    if (microtask.attempts.some((a) => a.round === round && a.place === place && a.role !== "judge")) continue;
    const known = isEmbedded(bidder) ? undefined : bidderNamed(scene, bidder);
    if (microtask.attempts.some((a) => a.role === "judge" && a.bidder === bidder)) away.push(place);
    else if (known !== undefined && scene.fleet.look(known, 0).unavailable !== null) away.push(place);
    else free += 1;
  }
  const others = microtask.attempts.some((a) => a.round === round && a.role !== "judge" && a.status === "running");
  return free === 0 && !others ? [] : away;
}

/** When a look by the judge at a prefix pays. null: nothing is to be judged, or nobody can. */
export function prefixLookOf(job: Job, microtask: MicrotaskState, scene: Scene): PrefixLook | null {
  const { contract } = microtask.task;
  const racing = microtask.attempts.filter((a) => a.role !== "judge" && a.status === "running").length;
  if (contract.judged.length === 0 || racing < 2) return null;
  const chosen = judgeFor(job, scene, microtask);
  if ("none" in chosen) return null;
  return {
    decides: meanOf(chosen.profile.decides),
    costNano: lookCost(chosen.judge, contract, estimateJudged(job, microtask) + 2 * firstLookTokens),
    leftNano: leftForLooks(job),
    firstAtTokens: firstLookTokens,
  };
}
