import type { RaceState } from "./race.ts";
import { mayWin, standingOf } from "./standing.ts";

/**
 * Racers whose prefix the judge should look at now: P(decides) x what the others would still cost exceeds the price of
 * the look. Checkpoints double (in tokens), so a racer costs at most log2(length / first) looks. At most one in flight.
 */
export function prefixLooks(state: RaceState): string[] {
  const look = state.prefixLook;
  if (!look || !state.outlook || state.strategy !== "first-pass" || state.committed !== null) return [];
  if (look.costNano > look.leftNano) return [];
  let remainingNano = 0;
  let best: { attempt: string; tokens: number; ownNano: number } | null = null;
  for (const racer of state.racers) {
    if (racer.judging) return [];
    if (standingOf(racer) !== "running" || !mayWin(state, racer)) continue;
    const view = state.outlook[racer.place];
    if (view === undefined) continue;
    const ownNano = Math.max(1, view.outputTokens - racer.tokens) * view.nanoPerToken;
    remainingNano += ownNano;
    const nextAt = racer.judgedAtTokens === undefined ? look.firstAtTokens : 2 * racer.judgedAtTokens;
    if (racer.prefixVerdict?.result !== "undecided" || racer.tokens < nextAt) continue;
    if (best === null || racer.tokens > best.tokens) best = { attempt: racer.attempt, tokens: racer.tokens, ownNano };
  }
  // An accept saves the others' rest, a reject saves its own; the smaller of the two is certain either way.
  if (best === null) return [];
  const savedNano = Math.max(remainingNano - best.ownNano, 0);
  return look.decides * savedNano > look.costNano ? [best.attempt] : [];
}
