import type { Place } from "../market/bid.ts";
import type { Racer, RaceState } from "./race.ts";

/**
 * Where a racer stands. running: tokens may come. pending: complete, its verdict is not in. passed: all criteria hold.
 * unsure: complete, and the judge had no say. fallen: failed, cut or rejected.
 */
export type Standing = "running" | "pending" | "passed" | "unsure" | "fallen";

export function standingOf(racer: Racer): Standing {
  if (racer.status === "running") return racer.prefixVerdict?.result === "reject" ? "fallen" : "running";
  if (racer.status !== "complete") return "fallen";
  const verdict = racer.wholeVerdict;
  if (verdict?.result === "reject") return "fallen";
  // A look at its prefix may still be under way; a whole that passed has no need of it.
  if (verdict?.result === "accept") return "passed";
  if (racer.judging || verdict === null) return "pending";
  return hasJudgement(racer) ? "unsure" : "pending";
}

/** Complete, undecided, and nobody was asked yet. */
export function wantsJudge(racer: Racer): boolean {
  if (racer.status !== "complete" || racer.judging) return false;
  return racer.wholeVerdict === null || (racer.wholeVerdict.result === "undecided" && !hasJudgement(racer));
}

function hasJudgement(racer: Racer): boolean {
  for (const result of racer.wholeVerdict?.criteria ?? []) if (result.class === "judged") return true;
  return false;
}

export function roleOf(state: RaceState, racer: Racer): Place["role"] {
  return state.lineUp[racer.place]?.role ?? racer.role;
}

/**
 * May this racer's answer be taken? An audit runs to teach: it is taken only when no leader is left, or the leader must
 * answer again, and then it is an answer like any other (it was paid for).
 */
export function mayWin(state: RaceState, racer: Racer): boolean {
  return roleOf(state, racer) !== "audit" || leaderFell(state) || leaderMends(state);
}

const leaderMends = (state: RaceState): boolean =>
  state.racers.some((racer) => racer.mends === true && roleOf(state, racer) === "leader");

/** The leader failed, was rejected, was cut, or could not start. */
export function leaderFell(state: RaceState): boolean {
  for (const racer of state.racers) if (roleOf(state, racer) === "leader") return standingOf(racer) === "fallen";
  const place = state.lineUp.findIndex((one) => one.role === "leader");
  return place < 0 || isUnavailable(state, place);
}

export function isUnavailable(state: RaceState, place: number): boolean {
  return state.unavailable?.includes(place) ?? false;
}

/** The committed racer while nothing speaks against it; null: none was committed, or it fell. */
export function committedRacer(state: RaceState): Racer | null {
  if (state.committed === null) return null;
  for (const racer of state.racers) {
    if (racer.attempt === state.committed) return standingOf(racer) === "fallen" ? null : racer;
  }
  return null;
}
