import { type AwardInputs, awardOf } from "./award.ts";
import type { Decision } from "./bid.ts";
import { drawBeta, seededRandom } from "./draw.ts";
import { within } from "./elementary.ts";

/**
 * Probability of each bidder's being first in this decision, by redrawing from the stored posteriors: outside the
 * decision, with a fixed seed of its own. The exploration floor is added exactly; error about 0.5 / sqrt(draws).
 */
export function propensities(decision: Decision, draws = 400): Record<string, number> {
  const inputs = decision.inputs as AwardInputs;
  const random = seededRandom(`propensity/${decision.cell}/${decision.round}`);
  const first = decision.bids.map(() => 0);
  const names = decision.bids.map((bid) => bid.bidder);
  for (let d = 0; d < draws; d++) {
    const drawn = inputs.rows.map(([mean, strength]) =>
      within(drawBeta(Math.max(0.05, mean * strength), Math.max(0.05, (1 - mean) * strength), random), 0.001, 0.999),
    );
    const leader = awardOf(decision.bids, { ...inputs, random: null, audit: [] }, decision, drawn).award[0]?.bidder;
    const at = leader === undefined ? -1 : names.indexOf(leader);
    if (at >= 0) first[at] = (first[at] ?? 0) + 1;
  }
  const n = decision.bids.length;
  return Object.fromEntries(
    names.map((name, i) => [name, (1 - inputs.floor) * ((first[i] ?? 0) / draws) + inputs.floor / n]),
  );
}
