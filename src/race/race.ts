import type { Verdict } from "../judge/verdict.ts";
import type { Place } from "../market/bid.ts";
import type { FailureReason } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";

/** One attempt as the race sees it: facts of the job log, and with `tokens` and `lastTokenAtMs` what is live. */
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
  /**
   * Latest verdict on the prefix (deterministic, or joined with the judge's after a look), and the final one on the
   * whole (deterministic and judged joined). A whole that is undecided and holds no result of class "judged" is sent
   * to the judge; after that it holds one (undecided: the judge had no say), or the race would ask again.
   */
  prefixVerdict: Verdict | null;
  wholeVerdict: Verdict | null;
  /** A final verdict by a model judge is awaited. */
  judging: boolean;
  /** Normalised answer of a closed kind, for agreement; null until complete. */
  normalised: string | null;
  /** Tokens the judge saw at its last look at the prefix; absent: it has not looked. */
  judgedAtTokens?: number;
  /** The attempts whose answers this one merges; absent: it answers by itself. It has no place in the line-up (-1). */
  fuses?: string[];
  /** With a predictive reject: the most output it can have by its cap and its contract, tokens. Absent: no bound. */
  boundTokens?: number;
  /** A cut on a prediction was not made, to see how it ends: nothing but a broken criterion or the deadline cuts it. */
  spared?: true;
  /** Its first answer was rejected for its form, and the same bidder is asked once more. */
  mends?: true;
  /** P(the accepted prefix is rejected as a whole), from the market's break record; absent: taken as 0. */
  breakRisk?: number;
}

/** What the bid of a place expects, for decisions about money while tokens stream. Same index as the line-up. */
export interface Outlook {
  /** Calibrated mean of P(accepted). */
  accept: number;
  /** Expected output tokens and speed, tokens a second; both > 0. */
  outputTokens: number;
  tokensPerSecond: number;
  /** Price of one more output token, nano-USD, fractions kept. */
  nanoPerToken: number;
}

/** When a look by the judge at a prefix pays. Absent: the judge looks at whole answers only. */
export interface PrefixLook {
  /** P(a look decides: accept or reject), measured; price of one look; what is left of the judge's cap. */
  decides: number;
  costNano: NanoUsd;
  leftNano: NanoUsd;
  /** Tokens before the first look; each later look waits for twice the tokens. */
  firstAtTokens: number;
}

export interface RaceState {
  microtask: string;
  lineUp: Place[];
  strategy: "first-pass" | "best-of" | "agreement" | "fusion";
  /** Answers of closed kinds are compared for agreement. */
  closed: boolean;
  racers: Racer[];
  /** The leader after commit on prefix. */
  committed: string | null;
  openedAtMs: number;
  deadlineAtMs: number | null;
  maxOpen: number;
  /** Set by the accept step: from here only cancels are said, at once for losers, after a grace for audits. */
  accepted?: { attempt: string; atMs: number } | null;
  /** Pairwise result over complete attempts; `best` null: the judge was inconsistent and has no say. */
  comparison?: { attempts: string[]; best: string | null } | null;
  /** false: the hedge budget is used up or the fleet is browning out; hedges then serve as fall-backs only. */
  hedging?: boolean;
  /** Places that cannot start now (circuit open, no headroom, money refused). They count as tried. */
  unavailable?: number[];
  outlook?: Outlook[] | null;
  /** Worth of an accepted answer; with `outlook`, dominated racers are cut. */
  valueNano?: NanoUsd | null;
  prefixLook?: PrefixLook | null;
  /** The attempt whose text a client is being shown: cutting it to save money would cost the client its text. */
  shown?: string | null;
}

/** What the engine is to do next. Pure function of state and time: a step that was done shows in the state. */
export type RaceStep =
  /** `extra`: it runs beside one that is only silent, and spends a hedge's credit. A hedge that follows a failure does not. */
  | { step: "start"; place: number; why: string; extra?: true }
  | {
      step: "cancel";
      attempt: string;
      why: "lost-race" | "rejected-on-prefix" | "dominated" | "deadline" | "committed-other";
    }
  | { step: "commit"; attempt: string; why: string }
  | { step: "judge"; attempts: string[]; on: "prefix" | "whole" }
  | { step: "accept"; attempt: string; how: "first-pass" | "agreement" | "best-of" | "fusion" | "only-one-left" }
  /** Have a model merge these answers into one. */
  | { step: "fuse"; attempts: string[] }
  /** Every place was tried and none is left: the engine asks the market again or fails the microtask. */
  | { step: "give-up"; why: string }
  /** Nothing to do before this time unless an attempt reports. */
  | { step: "wait"; untilMs: number };
