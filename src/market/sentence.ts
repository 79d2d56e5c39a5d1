import { formatUsd } from "../money/nano-usd.ts";
import type { Awarded } from "./award.ts";
import type { Decision } from "./bid.ts";

const percent = (p: number): string => `${Math.round(p * 100)} %`;

/** A sentence a person can read: who leads, at what claim and price, what happens next; and whether money was short. */
export const sentenceOf = (decision: Decision, shape: Awarded["shape"]): string =>
  `${leaderOf(decision, shape)}${decision.lambda > 1.05 ? ` A dollar of cost counted ${decision.lambda.toPrecision(2)} times, to make the budget last.` : ""}`;

function leaderOf(decision: Decision, shape: Awarded["shape"]): string {
  const leader = decision.award[0];
  const bid = decision.bids.find((one) => one.bidder === leader?.bidder);
  if (!leader || !bid) return "Nobody was worth asking.";
  const claim = `${leader.bidder} leads: ${percent(bid.accept.mean)} likely to be accepted at ${formatUsd(bid.costNano)}`;
  if (decision.bids.length === 1) return `${claim}; there was no competition.`;
  const others = decision.award.slice(1);
  const names = others.map((place) => place.bidder).join(", ");
  const luck = decision.explored ? " It was drawn at random, to keep learning." : "";
  if (others.length === 0) return `${claim}; of ${decision.bids.length} bids no second one was worth its cost.${luck}`;
  if (shape === "parallel") return `${claim}; ${names} start${others.length === 1 ? "s" : ""} with it.${luck}`;
  if (shape === "audit") return `${claim}; the line-up goes on with ${names}, some of them as a random check.${luck}`;
  const spare = others.filter((place) => place.spare).map((place) => place.bidder);
  const next = others.filter((place) => !place.spare).map((place) => place.bidder);
  const rejected = next.length > 0 ? `; if it fails or is rejected: ${next.join(", ")}` : "";
  return `${claim}${rejected}${spare.length > 0 ? `; if it is silent or fails: ${spare.join(", ")}` : ""}.${luck}`;
}
