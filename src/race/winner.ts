import type { Racer, RaceState, RaceStep } from "./race.ts";
import { committedRacer, mayWin, standingOf } from "./standing.ts";

export type AcceptStep = Extract<RaceStep, { step: "accept" }>;

/** The answer that can be taken now by the race's strategy, if there is one. Ties go to the earlier place. */
export function winnerOf(state: RaceState): AcceptStep | null {
  if (state.strategy === "agreement") return agreed(state);
  if (state.strategy === "best-of") return best(state);
  if (state.strategy === "fusion") return fused(state);
  return firstPass(state);
}

/** First full pass; a committed leader that still runs is waited for, because its text is being delivered. */
function firstPass(state: RaceState): AcceptStep | null {
  const committed = committedRacer(state);
  if (committed !== null) {
    const standing = standingOf(committed);
    if (standing === "passed") return accept(committed, "first-pass");
    if (standing !== "unsure") return null;
  }
  let first: Racer | null = null;
  for (const racer of state.racers) {
    if (standingOf(racer) !== "passed" || !mayWin(state, racer)) continue;
    if (first === null || racer.place < first.place) first = racer;
  }
  return first === null ? null : accept(first, "first-pass");
}

/** Two complete answers with the same normalised form. */
function agreed(state: RaceState): AcceptStep | null {
  const votes = contenders(state);
  for (const vote of votes) {
    if (vote.normalised === null) continue;
    if (votes.some((other) => other !== vote && other.normalised === vote.normalised)) return accept(vote, "agreement");
  }
  return null;
}

/** The judge's choice among all that passed, once a comparison covers them; equal answers need no judge. */
function best(state: RaceState): AcceptStep | null {
  if (isAnyoneBusy(state)) return null;
  const all = contenders(state);
  const [first] = all;
  if (first === undefined || all.length < 2) return null;
  if (first.normalised !== null && all.every((one) => one.normalised === first.normalised)) {
    return accept(first, "agreement");
  }
  const comparison = state.comparison;
  if (!comparison || !all.every((one) => comparison.attempts.includes(one.attempt))) return null;
  return accept(all.find((one) => one.attempt === comparison.best) ?? first, "best-of");
}

/** The merged answer, once it passed; answers that are all equal need no merging. */
function fused(state: RaceState): AcceptStep | null {
  if (isAnyoneBusy(state)) return null;
  const merged = state.racers.find((racer) => racer.fuses !== undefined && standingOf(racer) === "passed");
  if (merged !== undefined) return accept(merged, "fusion");
  const [first, ...others] = contenders(state);
  if (first === undefined || first.normalised === null || others.length === 0) return null;
  return others.every((one) => one.normalised === first.normalised) ? accept(first, "agreement") : null;
}

/**
 * Nothing more can come: the earliest place that was not rejected. `late` (the deadline passed) also takes answers
 * whose verdict is not in, and those of audits.
 */
export function lastResort(state: RaceState, late: boolean): AcceptStep | null {
  let left: Racer | null = null;
  for (const racer of state.racers) {
    if (!late && !mayWin(state, racer)) continue;
    const standing = standingOf(racer);
    const rank = standing === "passed" ? 3 : standing === "unsure" ? 2 : standing === "pending" && late ? 1 : 0;
    if (rank === 0) continue;
    const leftStanding = left === null ? null : standingOf(left);
    const leftRank = leftStanding === null ? 0 : leftStanding === "passed" ? 3 : leftStanding === "unsure" ? 2 : 1;
    if (rank > leftRank || (rank === leftRank && left !== null && racer.place < left.place)) left = racer;
  }
  return left === null ? null : accept(left, "only-one-left");
}

/** Complete attempts that were not rejected, in order of place. */
export function contenders(state: RaceState): Racer[] {
  return state.racers
    .filter((racer) => {
      const standing = standingOf(racer);
      return (standing === "passed" || standing === "unsure") && mayWin(state, racer);
    })
    .sort((a, b) => a.place - b.place);
}

/** Does anyone who may win still run, or wait for a verdict or a comparison? */
export function isAnyoneBusy(state: RaceState): boolean {
  for (const racer of state.racers) {
    const standing = standingOf(racer);
    const compared = state.strategy === "best-of" && racer.judging && standing !== "fallen";
    if ((standing === "running" || standing === "pending" || compared) && mayWin(state, racer)) return true;
  }
  return false;
}

const accept = (racer: Racer, how: AcceptStep["how"]): AcceptStep => ({ step: "accept", attempt: racer.attempt, how });
