import { dominatedRacers } from "./dominated.ts";
import { predictedRejects } from "./predicted.ts";
import { prefixLooks } from "./prefix-look.ts";
import type { Racer, RaceState, RaceStep } from "./race.ts";
import { committedRacer, mayWin, roleOf, standingOf, wantsJudge } from "./standing.ts";
import { startsDue } from "./starts.ts";
import { contenders, isAnyoneBusy, lastResort, winnerOf } from "./winner.ts";

/** An audit may outlive the accept by this much: what it teaches is worth waiting for, what it delays is nothing. */
export const auditGraceMs = 10_000;

/** A commit on prefix bets at most this against the criteria that more text can still break. */
export const highestRisk = 0.01;

/** No wait is longer, so that a lost wake-up costs at most this. */
const longestWaitMs = 30_000;

/**
 * What to do next, in the order to do it: accept and commit come before the cancels of those who lost. Pure, and
 * idempotent: a step that was done shows in the state and is not said again. `wait` comes alone. Times in ms.
 *
 * An accept never waits for an audit and never cuts one: after it, audits run on for `auditGraceMs` (the deadline at
 * most), so that they teach. The answer is out at the accept; the race is over when nothing runs. Embedded audits end
 * within the same turn and cost no time at all.
 */
export function raceSteps(state: RaceState, nowMs: number): RaceStep[] {
  if (state.accepted) return afterAccept(state, state.accepted, nowMs);

  const winner = winnerOf(state);
  if (winner !== null) return [winner, ...cutLosers(state, winner.attempt, "lost-race")];

  if (state.deadlineAtMs !== null && nowMs >= state.deadlineAtMs) return atDeadline(state);

  const steps: RaceStep[] = [];
  if (state.strategy === "first-pass" && committedRacer(state) === null) {
    const leader = decidedOnPrefix(state);
    if (leader !== null) {
      steps.push({ step: "commit", attempt: leader, why: "all criteria that a prefix can decide hold" });
      steps.push(...cutLosers(state, leader, "committed-other"));
      return steps;
    }
  }
  for (const racer of state.racers) {
    if (racer.status === "running" && racer.prefixVerdict?.result === "reject") {
      steps.push({ step: "cancel", attempt: racer.attempt, why: "rejected-on-prefix" });
    }
  }
  for (const attempt of predictedRejects(state)) steps.push({ step: "cancel", attempt, why: "rejected-on-prefix" });
  for (const attempt of dominatedRacers(state)) {
    if (!steps.some((one) => one.step === "cancel" && one.attempt === attempt)) {
      steps.push({ step: "cancel", attempt, why: "dominated" });
    }
  }

  const wholes = state.racers.filter((racer) => wantsJudge(racer) && mayWin(state, racer));
  if (wholes.length > 0) steps.push({ step: "judge", attempts: wholes.map((racer) => racer.attempt), on: "whole" });
  const prefixes = prefixLooks(state);
  if (prefixes.length > 0) steps.push({ step: "judge", attempts: prefixes, on: "prefix" });

  const starts = startsDue(state, nowMs);
  steps.push(...starts.steps);
  if (steps.length > 0) return steps;

  if (!isAnyoneBusy(state)) return nobodyLeft(state, nowMs);
  return [wait(nowMs, starts.nextAtMs, state.deadlineAtMs)];
}

/** All that could run has run. */
function nobodyLeft(state: RaceState, nowMs: number): RaceStep[] {
  const all = contenders(state);
  if (state.strategy === "best-of" && all.length >= 2) {
    return [{ step: "judge", attempts: all.map((racer) => racer.attempt), on: "whole" }];
  }
  if (state.strategy === "fusion" && all.length >= 2 && !state.racers.some((racer) => racer.fuses !== undefined)) {
    const open = state.racers.filter((racer) => racer.status === "running");
    const audit = open.length >= state.maxOpen ? open[0] : undefined;
    if (audit !== undefined) return [{ step: "cancel", attempt: audit.attempt, why: "lost-race" }];
    return [{ step: "fuse", attempts: all.map((racer) => racer.attempt) }];
  }
  const left = lastResort(state, false);
  if (left !== null) return [left, ...cutLosers(state, left.attempt, "lost-race")];
  // A leader that waits for a free place: only audits hold the open ones.
  if (state.racers.some((racer) => racer.status === "running")) return [wait(nowMs, null, state.deadlineAtMs)];
  return [{ step: "give-up", why: state.lineUp.length === 0 ? "the line-up is empty" : "every place was tried" }];
}

function atDeadline(state: RaceState): RaceStep[] {
  const left = lastResort(state, true);
  if (left !== null) return [left, ...cutLosers(state, left.attempt, "lost-race")];
  const steps: RaceStep[] = [];
  for (const racer of state.racers) {
    if (racer.status === "running") steps.push({ step: "cancel", attempt: racer.attempt, why: "deadline" });
  }
  steps.push({ step: "give-up", why: "the deadline passed" });
  return steps;
}

function afterAccept(state: RaceState, accepted: { attempt: string; atMs: number }, nowMs: number): RaceStep[] {
  let untilMs = accepted.atMs + auditGraceMs;
  if (state.deadlineAtMs !== null) untilMs = Math.min(untilMs, state.deadlineAtMs);
  const steps: RaceStep[] = [];
  let audits = false;
  for (const racer of state.racers) {
    if (racer.status !== "running") continue;
    if (runsToTeach(state, racer) && racer.prefixVerdict?.result !== "reject" && nowMs < untilMs) audits = true;
    else steps.push({ step: "cancel", attempt: racer.attempt, why: "lost-race" });
  }
  if (steps.length > 0 || !audits) return steps;
  return [wait(nowMs, untilMs, null)];
}

/** The earliest place whose prefix was accepted. */
function decidedOnPrefix(state: RaceState): string | null {
  let first: { attempt: string; place: number } | null = null;
  for (const racer of state.racers) {
    if (racer.status !== "running" || racer.prefixVerdict?.result !== "accept" || racer.firstTokenAtMs === null)
      continue;
    if ((racer.breakRisk ?? 0) > highestRisk) continue;
    if (standingOf(racer) === "running" && mayWin(state, racer) && (first === null || racer.place < first.place)) {
      first = racer;
    }
  }
  return first?.attempt ?? null;
}

/** Its end is worth seeing although somebody else has won. */
const runsToTeach = (state: RaceState, racer: Racer): boolean =>
  roleOf(state, racer) === "audit" || racer.spared === true;

function cutLosers(state: RaceState, winner: string, why: "lost-race" | "committed-other"): RaceStep[] {
  const steps: RaceStep[] = [];
  for (const racer of state.racers) {
    if (racer.status !== "running" || racer.attempt === winner || runsToTeach(state, racer)) continue;
    const rejected = racer.prefixVerdict?.result === "reject";
    steps.push({ step: "cancel", attempt: racer.attempt, why: rejected ? "rejected-on-prefix" : why });
  }
  return steps;
}

function wait(nowMs: number, nextAtMs: number | null, deadlineAtMs: number | null): RaceStep {
  let untilMs = nowMs + longestWaitMs;
  if (nextAtMs !== null) untilMs = Math.min(untilMs, nextAtMs);
  if (deadlineAtMs !== null) untilMs = Math.min(untilMs, deadlineAtMs);
  return { step: "wait", untilMs: Math.max(untilMs, nowMs) };
}
