import { formatUsd, fromUsd } from "../money/nano-usd.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Decision, Place } from "./bid.ts";
import { whyLost } from "./why-lost.ts";

/** A decision for people. `costNano`: what the bid would have cost, 0 for who could not take part. */
export interface Explanation {
  sentences: string[];
  losers: { bidder: string; costNano: number; why: string }[];
}

const percent = (p: number): string => `${(p * 100).toFixed(1)} %`;

/** A decision in sentences and numbers: what decided, and of each loser what it would have cost and why it lost. */
export function explainDecision(decision: Decision): Explanation {
  const inputs = decision.inputs as AwardInputs;
  const byId = new Map(decision.bids.map((bid) => [bid.bidder, bid]));
  const leader = byId.get(decision.award[0]?.bidder ?? "");
  const sentences = [decision.why];
  sentences.push(
    `An accepted answer was taken to be worth ${formatUsd(decision.valueNano)}; a dollar of cost weighed ${Number(decision.lambda.toPrecision(3))}, a second of waiting ${formatUsd(fromUsd(decision.muUsdPerSecond))}.`,
  );
  sentences.push(
    `The bids speak of ${decision.cell}: the kind, what the job is a case of with its input's script, and the input's length band.`,
  );
  if (decision.round > 1) {
    const before = decision.round === 2 ? "one attempt" : `${decision.round - 1} attempts`;
    sentences.push(`Round ${decision.round}: the bids already know that ${before} did not hold.`);
  }
  if (decision.bids.length === 1) sentences.push("There was no competition: one bidder was eligible.");
  if (decision.award.some((place) => place.role === "audit"))
    sentences.push("Others answer too, as a random check: a closed kind learns from agreement and feedback only.");
  if (inputs.strategy === "auto" && decision.award.some((place) => place.role === "parallel"))
    sentences.push(
      "They start together: one after the other could miss the deadline, or cost more in waiting than the second answer.",
    );
  for (const hedge of decision.award.filter((place) => place.role === "hedge"))
    sentences.push(hedgeSentence(hedge, byId.get(hedge.bidder), leader, inputs, decision.bids));
  const placed = new Set(decision.award.map((place) => place.bidder));
  const losers = decision.bids
    .filter((bid) => !placed.has(bid.bidder))
    .map((bid) => ({ bidder: bid.bidder, costNano: bid.costNano, why: whyLost(bid, leader, decision) }));
  for (const one of decision.excluded)
    losers.push({ bidder: one.bidder, costNano: 0, why: `Not eligible: ${one.reason}.` });
  return { sentences, losers };
}

/**
 * When a hedge starts: what the bids say, from which the process departs once it has measured enough waits
 * (race/hedge-times.ts). And why it is the one: its speed and price, how it differs, and what its answer is worth.
 */
function hedgeSentence(
  { bidder, startAfterMs, spare }: Place,
  bid: Bid | undefined,
  leader: Bid | undefined,
  { rules, rows }: AwardInputs,
  bids: readonly Bid[],
): string {
  const when = `${bidder} starts if no token came after ${Math.round(startAfterMs ?? 0)} ms, sooner or later where enough waits were measured`;
  if (rules === undefined || rules < 3 || bid === undefined || leader === undefined) return `${when}.`;
  const alike = rows[bids.indexOf(bid)]?.[5] === rows[bids.indexOf(leader)]?.[5];
  const origin = `another provider${alike ? ", as nobody of another model is as good" : " and another model"}`;
  const chosen = `chosen for speed: first token within ${Math.round(bid.firstTokenMs.p95)} ms in 95 of 100 calls, ${formatUsd(bid.costNano)}, ${origin}, ${percent(bid.accept.mean)} likely to be accepted against ${percent(leader.accept.mean)}`;
  return `${when}; ${chosen}.${spare ? " After a rejection the market is asked again instead." : ""}`;
}
