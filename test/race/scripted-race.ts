import { foldRace, openRace, type RaceFact } from "../../bench/race/fold-race.ts";
import type { Verdict } from "../../src/judge/verdict.ts";
import type { Place } from "../../src/market/bid.ts";
import type { FailureReason } from "../../src/market/settlement.ts";
import type { RaceState, RaceStep } from "../../src/race/race.ts";
import { raceSteps } from "../../src/race/race-steps.ts";

/** What one place will do when it is started. Times in ms after its start. */
export interface Script {
  firstTokenMs: number;
  endMs: number;
  /** Failure at the end, or the verdict on the whole. */
  end: FailureReason | "accept" | "reject" | "undecided";
  /** Verdict on the prefix, half-way between first token and end. */
  prefix: "accept" | "reject" | "undecided";
  normalised: string | null;
  judgeSays: "accept" | "reject" | "undecided";
}

export interface Told {
  state: RaceState;
  /** Every step in the order it was performed, with its time. */
  steps: { atMs: number; step: RaceStep }[];
  ended: "accept" | "give-up" | null;
  endedAtMs: number;
}

const verdict = (on: Verdict["on"], result: Verdict["result"], judged = false): Verdict => ({
  on,
  result,
  criteria: judged ? [{ criterion: "judged/0", class: "judged", result, evidence: "" }] : [],
});

/**
 * Runs scripts under a virtual clock against the production rules until nothing is left to happen. `check` sees every
 * state before its steps are performed; `oneAtATime` performs only the first step of each answer.
 */
export function tellRace(
  options: Parameters<typeof openRace>[0],
  scripts: Script[],
  settings: { oneAtATime?: boolean; judgeMs?: number; check?: (state: RaceState, steps: RaceStep[]) => void } = {},
): Told {
  const state = openRace(options);
  const told: Told = { state, steps: [], ended: null, endedAtMs: 0 };
  const queue: { atMs: number; order: number; fact: RaceFact | null }[] = [];
  let order = 0;
  let nowMs = options.openedAtMs;
  const later = (atMs: number, fact: RaceFact | null) => {
    if (fact === null && queue.some((one) => one.fact === null && one.atMs <= atMs)) return;
    queue.push({ atMs, order: order++, fact });
  };

  const perform = (step: RaceStep) => {
    told.steps.push({ atMs: nowMs, step });
    switch (step.step) {
      case "start": {
        const script = scripts[step.place];
        const attempt = `a${step.place}`;
        if (state.racers.some((racer) => racer.attempt === attempt)) throw new Error(`place ${step.place} twice`);
        foldRace(state, { fact: "started", attempt, place: step.place, atMs: nowMs });
        if (script === undefined) return;
        const endMs = Math.max(script.firstTokenMs, script.endMs);
        if (script.firstTokenMs <= script.endMs) {
          later(nowMs + script.firstTokenMs, { fact: "token", attempt, tokens: 1, atMs: nowMs + script.firstTokenMs });
          const halfMs = nowMs + (script.firstTokenMs + endMs) / 2;
          later(halfMs, { fact: "prefix-judged", attempt, verdict: verdict("prefix", script.prefix) });
        }
        const end = script.end;
        if (end === "accept" || end === "reject" || end === "undecided") {
          const whole = verdict("whole", end);
          later(nowMs + endMs, { fact: "completed", attempt, verdict: whole, normalised: script.normalised });
        } else later(nowMs + script.endMs, { fact: "failed", attempt, reason: end });
        return;
      }
      case "cancel":
        foldRace(state, { fact: "cancelled", attempt: step.attempt });
        return;
      case "commit":
        foldRace(state, { fact: "committed", attempt: step.attempt });
        return;
      case "judge": {
        for (const attempt of step.attempts) foldRace(state, { fact: "judge-asked", attempt });
        const doneMs = nowMs + (settings.judgeMs ?? 5);
        const asked = state.racers.filter((racer) => step.attempts.includes(racer.attempt));
        if (asked.every((racer) => racer.wholeVerdict?.criteria.length || racer.wholeVerdict?.result === "accept")) {
          later(doneMs, { fact: "compared", attempts: step.attempts, best: step.attempts[0] ?? null });
          return;
        }
        for (const racer of asked) {
          const says = scripts[racer.place]?.judgeSays ?? "undecided";
          later(doneMs, { fact: "whole-judged", attempt: racer.attempt, verdict: verdict("whole", says, true) });
        }
        return;
      }
      case "fuse": {
        // The script of the merged answer stands behind those of the line-up; without one it cannot be had.
        const script = scripts[options.lineUp.length];
        const attempt = "fused";
        if (state.racers.some((racer) => racer.attempt === attempt)) throw new Error("fused twice");
        state.racers.push({
          attempt,
          bidder: "sim/fuser",
          place: -1,
          role: "fallback",
          status: "running",
          startedAtMs: nowMs,
          firstTokenAtMs: null,
          lastTokenAtMs: null,
          tokens: 0,
          failure: null,
          prefixVerdict: null,
          wholeVerdict: null,
          judging: false,
          normalised: null,
          fuses: step.attempts,
        });
        const end = script?.end ?? "server-error";
        const endMs = nowMs + (script?.endMs ?? 1);
        if (end === "accept" || end === "reject" || end === "undecided")
          later(endMs, { fact: "completed", attempt, verdict: verdict("whole", end), normalised: "fused" });
        else later(endMs, { fact: "failed", attempt, reason: end });
        return;
      }
      case "accept":
        if (told.ended !== null) throw new Error("ended twice");
        told.ended = "accept";
        told.endedAtMs = nowMs;
        foldRace(state, { fact: "accepted", attempt: step.attempt, atMs: nowMs });
        return;
      case "give-up":
        if (told.ended !== null) throw new Error("ended twice");
        told.ended = "give-up";
        told.endedAtMs = nowMs;
        return;
      case "wait":
        later(step.untilMs, null);
    }
  };

  for (let turn = 0; turn < 5_000; turn++) {
    for (let round = 0; round < 100; round++) {
      if (told.ended === "give-up") break;
      const steps = raceSteps(state, nowMs);
      settings.check?.(state, steps);
      for (const step of settings.oneAtATime ? steps.slice(0, 1) : steps) perform(step);
      if (steps.length === 0 || steps[0]?.step === "wait") break;
      if (round === 99) throw new Error(`no rest: ${JSON.stringify(steps)}`);
    }
    queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    const next = queue.shift();
    if (next === undefined || told.ended === "give-up") return told;
    nowMs = next.atMs;
    if (next.fact !== null) foldRace(state, next.fact);
    if (told.ended !== null && !state.racers.some((racer) => racer.status === "running")) return told;
  }
  throw new Error("the race did not end");
}

export const lineUp = (...roles: (Place["role"] | [Place["role"], number])[]): Place[] =>
  roles.map((one, index) => {
    const [role, startAfterMs] = typeof one === "string" ? [one, one === "fallback" ? null : 0] : one;
    return { bidder: `sim/${index}`, role, startAfterMs };
  });

export const script = (change: Partial<Script> = {}): Script => ({
  firstTokenMs: 100,
  endMs: 1000,
  end: "accept",
  prefix: "undecided",
  normalised: null,
  judgeSays: "accept",
  ...change,
});

export const race = (places: Place[], change: Partial<Parameters<typeof openRace>[0]> = {}) => ({
  microtask: "m",
  lineUp: places,
  strategy: "first-pass" as const,
  closed: false,
  openedAtMs: 0,
  ...change,
});

export const said = (told: Told): string[] =>
  told.steps
    .filter(({ step }) => step.step !== "wait")
    .map(({ atMs, step }) => {
      switch (step.step) {
        case "start":
          return `${atMs} start ${step.place}`;
        case "cancel":
          return `${atMs} cancel ${step.attempt} ${step.why}`;
        case "commit":
          return `${atMs} commit ${step.attempt}`;
        case "accept":
          return `${atMs} accept ${step.attempt} ${step.how}`;
        case "fuse":
          return `${atMs} fuse ${step.attempts.join(",")}`;
        case "judge":
          return `${atMs} judge ${step.on} ${step.attempts.join(",")}`;
        default:
          return `${atMs} ${step.step}`;
      }
    });
