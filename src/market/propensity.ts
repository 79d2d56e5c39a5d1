import { awardOf } from "./award.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Decision } from "./bid.ts";
import { seededRandom } from "./draw.ts";
import { drawAcceptance } from "./trial.ts";

/**
 * Probability of each bidder's being first in this decision, by redrawing from the stored posteriors: outside the
 * decision, with a fixed seed of its own. The draw that was logged counts as one of them: its inverse would be too large
 * on average without. The exploration floor is added exactly; error about 0.5 / sqrt(draws).
 */
export function propensities(decision: Decision, draws = 400): Record<string, number> {
  const inputs = decision.inputs as AwardInputs;
  const random = seededRandom(`propensity/${decision.cell}/${decision.round}`);
  const first = decision.bids.map(() => 0);
  const names = decision.bids.map((bid) => bid.bidder);
  for (let d = 0; d <= draws; d++) {
    const drawn = inputs.rows.map((row) => (d === 0 ? row[2] : drawAcceptance(row[0] + row[7], row[1], random)));
    const leader = awardOf(decision.bids, { ...inputs, random: null, audit: [] }, decision, drawn).award[0]?.bidder;
    const at = leader === undefined ? -1 : names.indexOf(leader);
    if (at >= 0) first[at] = (first[at] ?? 0) + 1;
  }
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      (1 - inputs.floor) * ((first[i] ?? 0) / (draws + 1)) + inputs.floor * (inputs.trials[i] ?? 0),
    ]),
  );
}
