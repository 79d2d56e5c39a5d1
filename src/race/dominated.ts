import type { RaceState } from "./race.ts";
import { mayWin, standingOf } from "./standing.ts";

/**
 * Racers that are not worth their next tokens: someone else will finish first (at expected lengths and speeds), and
 * P(that one is not accepted) x P(this one is) x value is below what this one still costs. Needs outlook and value.
 */
export function dominatedRacers(state: RaceState): string[] {
  const { outlook, valueNano } = state;
  if (!outlook || !valueNano || state.strategy === "agreement" || state.strategy === "fusion") return [];
  const cut: string[] = [];
  for (const racer of state.racers) {
    const own = outlook[racer.place];
    if (own === undefined || racer.firstTokenAtMs === null || standingOf(racer) !== "running") continue;
    if (racer.attempt === state.shown || racer.spared) continue;
    if (!mayWin(state, racer) || racer.prefixVerdict?.result === "accept") continue;
    const leftTokens = Math.max(1, own.outputTokens - racer.tokens);
    const ownEndMs = racer.firstTokenAtMs + (1000 * own.outputTokens) / own.tokensPerSecond;
    let othersFail = 1;
    let faster = false;
    for (const other of state.racers) {
      const view = outlook[other.place];
      if (other === racer || view === undefined || !mayWin(state, other) || cut.includes(other.attempt)) continue;
      const standing = standingOf(other);
      if (standing === "fallen" || (standing === "running" && other.firstTokenAtMs === null)) continue;
      othersFail *= 1 - view.accept;
      const endMs = (other.firstTokenAtMs ?? other.startedAtMs) + (1000 * view.outputTokens) / view.tokensPerSecond;
      if (standing !== "running" || endMs < ownEndMs) faster = true;
    }
    // Best-of buys a better answer, not only an answer: half of the value is at stake when the others pass, too.
    const stake = state.strategy === "best-of" ? 0.5 * (1 + othersFail) : othersFail;
    if (faster && stake * own.accept * valueNano < leftTokens * own.nanoPerToken) cut.push(racer.attempt);
  }
  return cut;
}
