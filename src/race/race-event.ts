import type { CriterionResult, Verdict } from "../judge/verdict.ts";
import type { BreakRisk } from "../market/break-record.ts";
import type { FalseKillRisk } from "../market/false-kill.ts";
import type { FailureReason } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { PriceSheet, Usage } from "../money/price.ts";
import type { RedactionCounts } from "../plan/redaction.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Finish, Repeats, RequestFault } from "./model-port.ts";
import type { Uncut } from "./uncut.ts";

/** reask: the same bidder is shown its validation errors, once. judge: the call of a model judge. */
export type AttemptRole = "leader" | "parallel" | "hedge" | "fallback" | "audit" | "reask" | "judge" | "fusion";

/** What became of one audit of a judge's verdict. */
export interface JudgeAudit {
  candidate: string;
  /** The call that is audited, its judge, and what it said of the candidate. */
  look: string;
  judge: string;
  said: "accept" | "reject";
  /** Who was asked again, and in which call; null: nobody. */
  auditor: string | null;
  call: string | null;
  /** null: the audit was not held or came to nothing; `why` says so. */
  found: "accept" | "reject" | null;
  /** Probability with which this verdict was drawn, above 0 to 1. */
  share: number;
  why: string;
}

/** A cut on a prediction that was drawn not to be made. */
export interface Spared {
  criterion: string;
  evidence: string;
  risk: FalseKillRisk;
  /** Probability with which it was drawn, above 0 to 1. */
  share: number;
}

/** Delivered text of `attempt` that another goes on from: code units, and about how many tokens. */
export interface Continues {
  attempt: string;
  chars: number;
  tokens: number;
}

/** What the cut of an attempt saved: `uncut` less what was billed, and its price. Never below 0. */
export interface Saving {
  attempt: string;
  uncut: Uncut;
  savedTokens: number;
  savedNano: NanoUsd;
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
      /** judge: it audits what another call of a judge said of the candidate. */
      audits?: string;
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
  /** A model judge's verdict on a whole answer was drawn for an audit by a stronger one, after the job's end. */
  | ({ type: "judge-audited"; microtask: string } & JudgeAudit)
  /** A batch of delivered text; `offset` is in code units from the answer's start, text it goes on from included. */
  | { type: "text-streamed"; microtask: string; attempt: string; offset: number; text: string }
  /** Commit on prefix: the others are cut, this one finishes. `bet`: what it risks; absent in logs before it was kept. */
  | { type: "attempt-committed"; microtask: string; attempt: string; why: string; bet?: BreakRisk }
  | {
      type: "verdict-reached";
      microtask: string;
      attempt: string;
      verdict: Verdict;
      judge: string | null;
      /** Of a prefix accepted beside rivals: what a commit on it would risk. */
      bet?: BreakRisk;
    }
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
      /** What `pFalse` was read off. Absent in logs before it was kept: what the criterion declares. */
      risk?: FalseKillRisk;
    }
  /** A cut on a prediction that paid and was not made: drawn with probability `share`, to see how it ends. */
  | ({ type: "attempt-spared"; microtask: string; attempt: string } & Spared)
  | {
      type: "attempt-finished";
      microtask: string;
      attempt: string;
      text: string;
      /** What it asks to be called, as its model wrote it. Absent: nothing. */
      calls?: ToolCall[];
      finish: Finish;
      /** finish "other": the provider's own word. */
      finishSaid?: string;
      /** Quarters of its expected length in which its prefix was accepted, and the criteria that could still break. */
      stood?: { quarter: number; criteria: string }[];
      /** What predictive criteria spoke against it, with the quarter in which each first did. Absent: nothing. */
      foretold?: { signal: string; quarter: number }[];
      /** Frames of its stream that came twice. Absent: none did, or its port does not tell. */
      repeats?: Repeats;
      /** What was replaced in what left for its bidder. Absent: nothing. */
      redacted?: RedactionCounts;
      /** The provider's record, which cannot be: its reservation counts in its place. Absent: it was believed. */
      disputed?: Usage;
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
      /** Its provider says that the request itself is wrong. Absent: it does not. */
      fault?: RequestFault;
      /** cut-short: "length". Absent: it came to no end of its own. */
      finish?: Finish;
      message: string;
      /** As in attempt-finished. */
      foretold?: { signal: string; quarter: number }[];
      /** Frames of its stream that came twice. Absent: none did, or its port does not tell. */
      repeats?: Repeats;
      /** What was replaced in what left for its bidder. Absent: nothing. */
      redacted?: RedactionCounts;
      /** The provider's record, which cannot be: its reservation counts in its place. Absent: it was believed. */
      disputed?: Usage;
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
      /** As in attempt-finished. */
      foretold?: { signal: string; quarter: number }[];
      /** Frames of its stream that came twice. Absent: none did, or its port does not tell. */
      repeats?: Repeats;
      /** What was replaced in what left for its bidder. Absent: nothing. */
      redacted?: RedactionCounts;
      /** The provider's record, which cannot be: its reservation counts in its place. Absent: it was believed. */
      disputed?: Usage;
      usage: Usage;
      costNano: NanoUsd;
      /** As in attempt-finished: a prefix that was accepted and then rejected is cut. */
      stood?: { quarter: number; criteria: string }[];
      /** Against what it would have sent uncut, by what was known then; a later join may know better. Never below 0. */
      savedNano: NanoUsd;
      savedTokens: number;
      /** That length and the most it could have been. Absent in logs before it was kept: the bid's expectation. */
      uncut?: Uncut & { boundTokens: number };
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
      /** As the caller gets them: arguments that were mended stand mended. Absent: none. */
      calls?: ToolCall[];
      repairs: string[];
      criteria: CriterionResult[];
      /** What earlier cuts saved, by the winner's length: they stand in place of what the cuts said. Absent: nothing new. */
      savings?: Saving[];
    }
  | {
      type: "microtask-failed";
      microtask: string;
      code:
        | "no-bidder"
        | "bidders-failed"
        /** Each that was asked says that the request itself is wrong. */
        | "invalid-request"
        | "not-accepted"
        | "budget-exceeded"
        /** The tenant's other jobs hold the money. */
        | "rate-limited"
        | "dependency-failed"
        | "deadline-exceeded"
        | "not-approved";
      message: string;
      /** Of money: why it is not there. Of the request: what is wrong with it. */
      reason?: string;
    };
