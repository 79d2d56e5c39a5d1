import { surestPrediction, worthKilling } from "../judge/worth-killing.ts";
import type { Racer, RaceState } from "./race.ts";
import { standingOf } from "./standing.ts";

/**
 * Racers that a predictive criterion rejects and that are worth killing for it: P(it is wrong) x value is below what
 * the rest would cost. Needs outlook and value; without prices nobody is killed on a prediction. Nor is the one whose
 * text a client is being shown: a guess that is wrong would cost more than tokens there.
 */
export function predictedRejects(state: RaceState): string[] {
  const { outlook, valueNano } = state;
  if (!outlook || !valueNano) return [];
  const cut: string[] = [];
  for (const racer of state.racers) {
    const view = outlook[racer.place];
    if (racer.attempt === state.shown || racer.spared) continue;
    if (view === undefined || racer.prefixVerdict === null || standingOf(racer) !== "running") continue;
    const prediction = surestPrediction(racer.prefixVerdict);
    if (prediction === null) continue;
    const remainingCostNano = remainingTokens(racer, view.outputTokens) * view.nanoPerToken;
    if (worthKilling({ pFalse: prediction.pFalse, valueNano, remainingCostNano })) cut.push(racer.attempt);
  }
  return cut;
}

/** Output a racer is expected to send yet, at least one token; no more than it can. */
export const remainingTokens = ({ tokens, boundTokens }: Racer, expectedTokens: number): number =>
  Math.max(1, Math.min(expectedTokens, boundTokens ?? Number.POSITIVE_INFINITY) - tokens);
