import type { CriterionResult, Verdict } from "../judge/verdict.ts";
import type { FailureReason } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { PriceSheet, Usage } from "../money/price.ts";

/** reask: the same bidder is shown its validation errors, once. judge: the call of a model judge. */
export type AttemptRole = "leader" | "parallel" | "hedge" | "fallback" | "audit" | "reask" | "judge" | "fusion";

/** Delivered text of `attempt` that another goes on from: code units, and about how many tokens. */
export interface Continues {
  attempt: string;
  chars: number;
  tokens: number;
}

export type RaceEvent =
  | {
      type: "attempt-started";
      microtask: string;
      attempt: string;
      bidder: string;
      /** Index in the line-up of `round`; a reask has its first attempt's, a judge -1. */
      place: number;
      round: number;
      role: AttemptRole;
      /** reask: the attempt that failed validation. judge: the candidates. */
      about: string[];
      on: "prefix" | "whole" | null;
      epoch: number;
      inputTokens: number;
      maxOutputTokens: number;
      /** What it can cost at most: held against the budget until its end. */
      reservedNano: NanoUsd;
      /** The price it is billed at, whatever the price book says when it ends. Absent in logs before it was kept. */
      price?: PriceSheet;
      examples: number;
      /** It goes on from this attempt's delivered text. Absent: it answers from the start. */
      continues?: Continues;
      why: string;
    }
  /** Both orders of a pair were judged. null: the judge has no say. */
  | {
      type: "candidates-compared";
      microtask: string;
      first: string;
      second: string;
      better: "first" | "second" | "tie" | null;
      why: string;
    }
  /** A batch of delivered text; `offset` is in code units from the answer's start, text it goes on from included. */
  | { type: "text-streamed"; microtask: string; attempt: string; offset: number; text: string }
  /** Commit on prefix: the others are cut, this one finishes. */
  | { type: "attempt-committed"; microtask: string; attempt: string; why: string }
  | { type: "verdict-reached"; microtask: string; attempt: string; verdict: Verdict; judge: string | null }
  /** To be cut on a prediction: P(it would have passed) x what it is worth is below what its rest would cost. */
  | {
      type: "attempt-written-off";
      microtask: string;
      attempt: string;
      criterion: string;
      evidence: string;
      pFalse: number;
      valueNano: NanoUsd;
      remainingNano: NanoUsd;
    }
  | {
      type: "attempt-finished";
      microtask: string;
      attempt: string;
      text: string;
      finish: "stop" | "length" | "content-filter" | "other";
      usage: Usage;
      costNano: NanoUsd;
      firstTokenMs: number | null;
      totalMs: number;
      queuedMs: number;
    }
  | {
      type: "attempt-failed";
      microtask: string;
      attempt: string;
      reason: FailureReason;
      message: string;
      usage: Usage;
      costNano: NanoUsd;
      firstTokenMs: number | null;
      totalMs: number;
      queuedMs: number;
    }
  | {
      type: "attempt-cancelled";
      microtask: string;
      attempt: string;
      why: string;
      askedAtMs: number;
      stoppedAtMs: number;
      tokensSeen: number;
      usage: Usage;
      costNano: NanoUsd;
      /** Against what it would have sent uncut, by its own expected length; never below 0. */
      savedNano: NanoUsd;
      savedTokens: number;
      firstTokenMs: number | null;
      totalMs: number;
      queuedMs: number;
    }
  /**
   * Delivered text came from another attempt before: a client must drop it (restart), keeps it and gets the rest
   * (continue), or the job fails. Optional fields are absent in logs before there was "continue".
   */
  | {
      type: "leader-changed";
      microtask: string;
      from: string;
      to: string;
      policy: "restart" | "continue" | "fail";
      fromBidder?: string;
      toBidder?: string;
      /** Code units delivered so far: where the new leader's text begins (continue), or how many are void. */
      offset?: number;
      /** The request asked for "continue": why it could not be. */
      why?: string;
    }
  /** Nobody can go on from the delivered text of `attempt`: from here the request's second choice holds. */
  | { type: "continuation-abandoned"; microtask: string; attempt: string; policy: "restart" | "fail"; why: string }
  | {
      type: "microtask-joined";
      microtask: string;
      attempt: string;
      how: "first-pass" | "agreement" | "best-of" | "fusion" | "only-one-left";
      text: string;
      value: unknown;
      repairs: string[];
      criteria: CriterionResult[];
    }
  | {
      type: "microtask-failed";
      microtask: string;
      code:
        | "no-bidder"
        | "bidders-failed"
        | "not-accepted"
        | "budget-exceeded"
        /** The tenant's other jobs hold the money. */
        | "rate-limited"
        | "dependency-failed"
        | "deadline-exceeded"
        | "not-approved";
      message: string;
      /** Of money: why it is not there. */
      reason?: string;
    };
