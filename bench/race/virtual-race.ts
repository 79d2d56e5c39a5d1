import type { Verdict } from "../../src/judge/verdict.ts";
import type { FailureReason } from "../../src/market/settlement.ts";
import type { RaceState } from "../../src/race/race.ts";
import { raceSteps } from "../../src/race/race-steps.ts";
import { foldRace } from "./fold-race.ts";

/** What one attempt will do, drawn when it is started. Times in ms after its start. */
export interface VirtualCall {
  firstTokenMs: number;
  /** It fails at firstTokenMs instead of speaking; null: it speaks. */
  failure: FailureReason | null;
  endMs: number;
}

export interface VirtualOutcome {
  accepted: boolean;
  /** First token and end of the accepted answer, ms after the start of the race. */
  firstTokenMs: number;
  endMs: number;
  /** When the leader of the line-up first spoke, or how long it was waited for. */
  leaderWaitedMs: number;
  leaderSpoke: boolean;
}

const standing: Verdict = { on: "prefix", result: "accept", criteria: [] };
const passed: Verdict = { on: "whole", result: "accept", criteria: [] };

/** Times of one attempt's next event. */
interface Pending {
  attempt: string;
  call: VirtualCall;
  startedAtMs: number;
  spoke: boolean;
}

/**
 * Drives one race by the production rules under a virtual clock that starts at `state.openedAtMs`. `decides`: without
 * criteria the first token of any racer is accepted as a prefix and commits it; where only a whole answer can pass, all
 * that run go on until the first has passed. `onEnd` hears of every attempt.
 */
export function runVirtualRace(
  state: RaceState,
  call: (place: number, nowMs: number, isExtra: boolean) => VirtualCall,
  onEnd: (place: number, how: "complete" | "failed" | "cut", call: VirtualCall, ranMs: number, nowMs: number) => void,
  decides: "first token" | "whole answer" = "first token",
): VirtualOutcome {
  const openedAtMs = state.openedAtMs;
  const outcome: VirtualOutcome = { accepted: false, firstTokenMs: 0, endMs: 0, leaderWaitedMs: 0, leaderSpoke: false };
  const pending: Pending[] = [];
  let nowMs = openedAtMs;
  for (let turn = 0; turn < 1000; turn++) {
    let wakeMs = Number.POSITIVE_INFINITY;
    for (let resting = false; !resting; ) {
      const steps = raceSteps(state, nowMs);
      resting = steps.length === 0;
      for (const step of steps) {
        switch (step.step) {
          case "wait":
            wakeMs = step.untilMs;
            resting = true;
            break;
          case "start": {
            const attempt = `a${step.place}`;
            foldRace(state, { fact: "started", attempt, place: step.place, atMs: nowMs });
            pending.push({
              attempt,
              call: call(step.place, nowMs, step.extra === true),
              startedAtMs: nowMs,
              spoke: false,
            });
            break;
          }
          case "cancel": {
            foldRace(state, { fact: "cancelled", attempt: step.attempt });
            const at = pending.findIndex((one) => one.attempt === step.attempt);
            const [cut] = pending.splice(at, 1);
            if (cut !== undefined) {
              if (cut.attempt === "a0" && !cut.spoke) outcome.leaderWaitedMs = nowMs - openedAtMs;
              onEnd(Number(step.attempt.slice(1)), "cut", cut.call, nowMs - cut.startedAtMs, nowMs);
            }
            break;
          }
          case "commit":
            foldRace(state, { fact: "committed", attempt: step.attempt });
            break;
          case "accept": {
            foldRace(state, { fact: "accepted", attempt: step.attempt, atMs: nowMs });
            const winner = state.racers.find((racer) => racer.attempt === step.attempt);
            outcome.accepted = true;
            outcome.firstTokenMs = (winner?.firstTokenAtMs ?? nowMs) - openedAtMs;
            outcome.endMs = nowMs - openedAtMs;
            break;
          }
          case "give-up":
            outcome.endMs = nowMs - openedAtMs;
            return outcome;
          case "judge":
            throw new Error("There are no judged criteria here.");
        }
      }
    }
    if (outcome.accepted && pending.length === 0) return outcome;

    let next: Pending | null = null;
    let nextMs = wakeMs;
    for (const one of pending) {
      const atMs = one.startedAtMs + (one.spoke ? one.call.endMs : one.call.firstTokenMs);
      if (atMs <= nextMs) {
        next = one;
        nextMs = atMs;
      }
    }
    nowMs = Math.max(nowMs, nextMs);
    if (next === null) continue;
    const { attempt } = next;
    const place = Number(attempt.slice(1));
    if (next.spoke) {
      foldRace(state, { fact: "completed", attempt, verdict: passed, normalised: null });
      pending.splice(pending.indexOf(next), 1);
      onEnd(place, "complete", next.call, nowMs - next.startedAtMs, nowMs);
    } else if (next.call.failure !== null) {
      if (place === 0) outcome.leaderWaitedMs = nowMs - openedAtMs;
      foldRace(state, { fact: "failed", attempt, reason: next.call.failure });
      pending.splice(pending.indexOf(next), 1);
      onEnd(place, "failed", next.call, nowMs - next.startedAtMs, nowMs);
    } else {
      if (place === 0) {
        outcome.leaderWaitedMs = nowMs - openedAtMs;
        outcome.leaderSpoke = true;
      }
      next.spoke = true;
      foldRace(state, { fact: "token", attempt, tokens: 1, atMs: nowMs });
      if (decides === "first token") foldRace(state, { fact: "prefix-judged", attempt, verdict: standing });
    }
  }
  throw new Error("The race did not end.");
}
