import type { Verdict } from "../judge/verdict.ts";
import type { Place } from "../market/bid.ts";
import type { FailureReason } from "../market/settlement.ts";

/** One attempt as the race sees it. Folded from the job log; `tokens` and `lastTokenAtMs` are live. */
export interface Racer {
  attempt: string;
  bidder: string;
  /** Index in the award's line-up. */
  place: number;
  role: Place["role"];
  status: "running" | "complete" | "failed" | "cancelled";
  startedAtMs: number;
  firstTokenAtMs: number | null;
  lastTokenAtMs: number | null;
  /** Output tokens seen so far (counted). */
  tokens: number;
  failure: FailureReason | null;
  /** Latest deterministic verdict on the prefix, and the final one on the whole (deterministic and judged joined). */
  prefixVerdict: Verdict | null;
  wholeVerdict: Verdict | null;
  /** A final verdict by a model judge is awaited. */
  judging: boolean;
  /** Normalised answer of a closed kind, for agreement; null until complete. */
  normalised: string | null;
}

export interface RaceState {
  microtask: string;
  lineUp: Place[];
  strategy: "first-pass" | "best-of" | "agreement";
  /** Answers of closed kinds are compared for agreement. */
  closed: boolean;
  racers: Racer[];
  /** The leader after commit on prefix. */
  committed: string | null;
  openedAtMs: number;
  deadlineAtMs: number | null;
  maxOpen: number;
}

/** What the engine is to do next. Pure function of state and time: a step that was done shows in the state. */
export type RaceStep =
  | { step: "start"; place: number; why: string }
  | {
      step: "cancel";
      attempt: string;
      why: "lost-race" | "rejected-on-prefix" | "dominated" | "deadline" | "committed-other";
    }
  | { step: "commit"; attempt: string; why: string }
  | { step: "judge"; attempts: string[]; on: "prefix" | "whole" }
  | { step: "accept"; attempt: string; how: "first-pass" | "agreement" | "best-of" | "only-one-left" }
  /** Every place was tried and none is left: the engine asks the market again or fails the microtask. */
  | { step: "give-up"; why: string }
  /** Nothing to do before this time unless an attempt reports. */
  | { step: "wait"; untilMs: number };
