import { formatUsd } from "../money/nano-usd.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { AuctionRequest, Bid, Decision } from "./bid.ts";
import { plainPacing } from "./pacing.ts";
import { leastValueNano, longestWaitMs, policies, valueInCosts, valueInWaits } from "./policy.ts";

/** What the worth of an answer is made of besides the bids: the caller's word, and the policy. */
export type AskedWorth = Pick<AuctionRequest, "valueNano" | "policy">;

/**
 * A sentence on where the worth of an accepted answer comes from; "" where the decision does not tell. A decision keeps the
 * worth and not its source: what policy.ts makes of the bids is compared with it.
 */
export function worthSentence(decision: Decision, { valueNano, policy }: AskedWorth): string {
  const factor = policies[policy].value;
  const times = factor === 1 ? "" : `, x ${factor} for policy ${policy}`;
  if (valueNano !== null) return `That worth comes from the caller's valueUsd${times}.`;
  const unsaid = `${times}, as the caller gave no valueUsd.`;
  const isIt = (nano: number): boolean => Math.abs(nano * factor - decision.valueNano) < 1;
  if (isIt(leastValueNano)) return `That worth is the least that is assumed (${formatUsd(leastValueNano)})${unsaid}`;
  const fastest = bestOf(decision, (a, b) => a.totalMs.p50 - b.totalMs.p50);
  if (fastest === undefined) return "";
  const waitMs = Math.min(longestWaitMs, fastest.totalMs.p50);
  const secondNano = plainPacing.muUsdPerSecond * 1e9;
  if (isIt((valueInWaits * secondNano * waitMs) / 1000))
    return `That worth is ${valueInWaits} x what waiting for ${fastest.bidder}, the fastest bidder, comes to (${Math.round(waitMs)} ms at ${formatUsd(secondNano)} a second)${unsaid}`;
  const { rows } = decision.inputs as AwardInputs;
  const claim = (bid: Bid): number => rows[decision.bids.indexOf(bid)]?.[0] ?? 0;
  const strongest = bestOf(decision, (a, b) => claim(b) - claim(a) || a.costNano - b.costNano);
  const costNano = Math.round(decision.valueNano / factor / valueInCosts);
  if (strongest === undefined || costNano < strongest.costNano) return "";
  const look = costNano > strongest.costNano ? " with a look at its answer" : "";
  return `That worth is ${valueInCosts} x the expected cost of ${strongest.bidder}, the strongest bidder (${formatUsd(costNano)}${look})${unsaid}`;
}

const bestOf = ({ bids }: Decision, order: (a: Bid, b: Bid) => number): Bid | undefined => [...bids].sort(order)[0];
