import { acceptRow } from "./award.ts";
import type { AwardInputs, AwardRow } from "./award-inputs.ts";
import type { Decision } from "./bid.ts";
import { afterVerdict, expectedAccept } from "./co-failure.ts";

/**
 * What a decision's bidders are worth once one of them was seen: P(accepted) of each other bidder after a verdict of
 * `worth` on `bidder`. Pure; for forecasts, joins and calibration figures.
 */
export function forecastAfter(decision: Decision, bidder: string, worth: number): Record<string, number> {
  const inputs = decision.inputs as AwardInputs;
  const at = (row: AwardRow) => acceptRow(row, row[0], inputs.loading);
  const seen = decision.bids.findIndex((bid) => bid.bidder === bidder);
  const row = inputs.rows[seen];
  const belief = row ? afterVerdict(inputs.belief, at(row), worth, inputs.verdict) : inputs.belief;
  const forecast: Record<string, number> = {};
  decision.bids.forEach((bid, i) => {
    const own = inputs.rows[i];
    if (i !== seen && own) forecast[bid.bidder] = expectedAccept(belief, at(own));
  });
  return forecast;
}
