import { acceptNow } from "./award.ts";
import type { AwardInputs, AwardRow } from "./award-inputs.ts";
import type { Decision } from "./bid.ts";

/**
 * P(accepted), given that an answer comes in time: what a bid's claim says of the answers that came, 0 to 1. Errors and
 * lateness have records of their own. null: it made no bid in this decision.
 */
export function answeredClaim(decision: Decision, bidder: string): number | null {
  const inputs = decision.inputs as AwardInputs;
  const row = inputs.rows[decision.bids.findIndex((bid) => bid.bidder === bidder)];
  if (row === undefined) return null;
  const [mean, strength, drawn, , lift, model, provider, optimism] = row;
  const sure: AwardRow = [mean, strength, drawn, 1, lift, model, provider, optimism];
  return acceptNow(inputs, sure, mean);
}
