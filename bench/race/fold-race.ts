import type { Verdict } from "../../src/judge/verdict.ts";
import type { Place } from "../../src/market/bid.ts";
import type { FailureReason } from "../../src/market/settlement.ts";
import type { Racer, RaceState } from "../../src/race/race.ts";

/** Facts about attempts, in the order of the log (or live). Times in ms. */
export type RaceFact =
  | { fact: "started"; attempt: string; place: number; atMs: number }
  | { fact: "token"; attempt: string; tokens: number; atMs: number }
  | { fact: "prefix-judged"; attempt: string; verdict: Verdict; atTokens?: number }
  | { fact: "judge-asked"; attempt: string }
  | { fact: "completed"; attempt: string; verdict: Verdict | null; normalised: string | null }
  | { fact: "whole-judged"; attempt: string; verdict: Verdict }
  | { fact: "compared"; attempts: string[]; best: string | null }
  | { fact: "failed"; attempt: string; reason: FailureReason }
  | { fact: "cancelled"; attempt: string }
  | { fact: "committed"; attempt: string }
  | { fact: "accepted"; attempt: string; atMs: number }
  | { fact: "unavailable"; place: number };

/** The race before anything ran. */
export function openRace(options: {
  microtask: string;
  lineUp: Place[];
  strategy: RaceState["strategy"];
  closed: boolean;
  openedAtMs: number;
  deadlineAtMs?: number | null;
  maxOpen?: number;
}): RaceState {
  return {
    microtask: options.microtask,
    lineUp: options.lineUp,
    strategy: options.strategy,
    closed: options.closed,
    racers: [],
    committed: null,
    openedAtMs: options.openedAtMs,
    deadlineAtMs: options.deadlineAtMs ?? null,
    maxOpen: options.maxOpen ?? 4,
  };
}

/** Folds one fact into the state in place. Facts about unknown attempts, or late ones about ended ones, change nothing. */
export function foldRace(state: RaceState, fact: RaceFact): void {
  if (fact.fact === "started") {
    start(state, fact);
    return;
  }
  if (fact.fact === "unavailable") {
    state.unavailable ??= [];
    state.unavailable.push(fact.place);
    return;
  }
  if (fact.fact === "compared") {
    state.comparison = { attempts: fact.attempts, best: fact.best };
    for (const racer of state.racers) if (fact.attempts.includes(racer.attempt)) racer.judging = false;
    return;
  }
  const racer = state.racers.find((one) => one.attempt === fact.attempt);
  if (racer !== undefined) foldRacer(state, racer, fact);
}

function start(state: RaceState, fact: Extract<RaceFact, { fact: "started" }>): void {
  const place = state.lineUp[fact.place];
  if (place === undefined || state.racers.some((one) => one.attempt === fact.attempt)) return;
  state.racers.push({
    attempt: fact.attempt,
    bidder: place.bidder,
    place: fact.place,
    role: place.role,
    status: "running",
    startedAtMs: fact.atMs,
    firstTokenAtMs: null,
    lastTokenAtMs: null,
    tokens: 0,
    failure: null,
    prefixVerdict: null,
    wholeVerdict: null,
    judging: false,
    normalised: null,
  });
}

type RacerFact = Exclude<RaceFact, { fact: "started" | "unavailable" | "compared" }>;

function foldRacer(state: RaceState, racer: Racer, fact: RacerFact): void {
  switch (fact.fact) {
    case "committed":
      state.committed = racer.attempt;
      return;
    case "accepted":
      state.accepted ??= { attempt: racer.attempt, atMs: fact.atMs };
      return;
    case "judge-asked":
      racer.judging = true;
      return;
    case "whole-judged":
      racer.judging = false;
      racer.wholeVerdict = fact.verdict;
      return;
    case "prefix-judged":
      racer.prefixVerdict = fact.verdict;
      if (fact.atTokens !== undefined) {
        racer.judgedAtTokens = fact.atTokens;
        racer.judging = false;
      }
      return;
  }
  if (racer.status !== "running") return;
  switch (fact.fact) {
    case "token":
      racer.firstTokenAtMs ??= fact.atMs;
      racer.lastTokenAtMs = fact.atMs;
      racer.tokens = fact.tokens;
      return;
    case "completed":
      racer.status = "complete";
      racer.judging = false;
      racer.wholeVerdict = fact.verdict;
      racer.normalised = fact.normalised;
      return;
    case "failed":
      racer.status = "failed";
      racer.judging = false;
      racer.failure = fact.reason;
      return;
    case "cancelled":
      racer.status = "cancelled";
      racer.judging = false;
      return;
  }
}
