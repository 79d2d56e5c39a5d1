import { formatUsd } from "../money/nano-usd.ts";
import type { Awarded } from "./award.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Decision, Place } from "./bid.ts";

/** Whole percents, but near to certain: nothing that is a claim is "100 %". */
const percent = (p: number): string => {
  const near = p > 0 && (p >= 0.99 || p < 0.01);
  return `${near ? (p * 100).toFixed(1) : Math.round(p * 100)} %`;
};

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
  const luck = decision.explored ? " It was drawn at random, to keep learning." : "";
  if (others.length === 0) return `${claim}; ${whyAlone(decision, bid)}.${luck}`;
  if (shape === "parallel")
    return `${claim}; ${namesOf(others)} start${others.length === 1 ? "s" : ""} with it.${luck}`;
  const audits = others.filter((place) => place.role === "audit");
  const spare = others.filter((place) => place.spare);
  const next = others.filter((place) => !place.spare && place.role !== "audit");
  const audited =
    audits.length > 0 ? `; ${namesOf(audits)} answer${audits.length === 1 ? "s" : ""} too, as a random check` : "";
  const rejected = next.length > 0 ? `; if it fails or is rejected: ${namesOf(next)}` : "";
  const silent = spare.length > 0 ? `; if it is silent or fails: ${namesOf(spare)}` : "";
  return `${claim}${audited}${rejected}${silent}.${luck}`;
}

const namesOf = (places: readonly Place[]): string => places.map((place) => place.bidder).join(", ");

/** Why nobody stands behind a leader who had competition: attempts, money or worth. */
function whyAlone(decision: Decision, leader: Bid): string {
  const { places, budgetNano, looks, verdict } = decision.inputs as AwardInputs;
  if (places <= 1) return "no other attempt is left";
  const special = new Map(looks);
  const needs = (bid: Bid) => bid.costNano + (special.get(decision.bids.indexOf(bid)) ?? verdict.costNano);
  const room = budgetNano === null ? Number.POSITIVE_INFINITY : budgetNano - needs(leader);
  if (decision.bids.every((bid) => bid === leader || needs(bid) > room))
    return "what is left of the budget pays for no second one";
  return `of ${decision.bids.length} bids no second one was worth its cost`;
}
