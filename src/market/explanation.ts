import { formatUsd, fromUsd } from "../money/nano-usd.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Decision, Place } from "./bid.ts";
import { neverInQuestion } from "./eligibility.ts";
import { whyLost } from "./why-lost.ts";
import { type AskedWorth, worthSentence } from "./worth.ts";

/** A decision for people. */
export interface Explanation {
  sentences: string[];
  /** Who bid and lost, or could have bid but for money, room, or what became of it before. `costNano`: what the bid would have cost, 0 for who made none. */
  losers: { bidder: string; costNano: number; why: string }[];
  /** Who was never in question, by why. */
  notAsked: { why: string; bidders: string[] }[];
}

const percent = (p: number): string => `${(p * 100).toFixed(1)} %`;

/**
 * A decision in sentences and numbers: what decided, and of each loser what it would have cost and why it lost. `asked`:
 * what the caller said of the worth of an answer, where it is known.
 */
export function explainDecision(decision: Decision, asked?: AskedWorth): Explanation {
  const inputs = decision.inputs as AwardInputs;
  const byId = new Map(decision.bids.map((bid) => [bid.bidder, bid]));
  const leader = byId.get(decision.award[0]?.bidder ?? "");
  const sentences = [decision.why];
  sentences.push(
    `An accepted answer was taken to be worth ${formatUsd(decision.valueNano)}; a dollar of cost weighed ${Number(decision.lambda.toPrecision(3))}, a second of waiting ${formatUsd(fromUsd(decision.muUsdPerSecond))}.`,
  );
  const source = asked === undefined ? "" : worthSentence(decision, asked);
  if (source !== "") sentences.push(source);
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
  const notAsked = new Map<string, string[]>();
  for (const { bidder, reason } of decision.excluded) {
    if (neverInQuestion(reason, decision.kind) === null)
      losers.push({ bidder, costNano: 0, why: `Not eligible: ${reason}.` });
    else notAsked.set(reason, [...(notAsked.get(reason) ?? []), bidder]);
  }
  const groups = [...notAsked].map(([why, bidders]) => ({ why, bidders })).sort(byMost);
  // They are the same in each round.
  if (groups.length > 0 && decision.round === 1) sentences.push(othersSentence(groups, decision));
  return { sentences, losers, notAsked: groups };
}

type Groups = Explanation["notAsked"];

const byMost = (a: Groups[number], b: Groups[number]): number => b.bidders.length - a.bidders.length;

/** "13 others do not serve draft, 2 are not on the allow-list." */
function othersSentence(groups: Groups, { kind }: Decision): string {
  const parts = groups.map(({ why, bidders: { length: n } }, i) => {
    const words = neverInQuestion(why, kind);
    return `${n}${i > 0 ? "" : n === 1 ? " other" : " others"} ${n === 1 ? words?.one : words?.many}`;
  });
  return `${parts.join(", ")}.`;
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
