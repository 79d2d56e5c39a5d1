import type { ErrorCode } from "../error.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { Decision } from "../market/bid.ts";
import type { BreakRisk } from "../market/break-record.ts";
import type { FalseKillRisk } from "../market/false-kill.ts";
import type { Pace } from "../market/pace.ts";
import type { FailureReason, Settlement } from "../market/settlement.ts";
import type { MoneyShortage, OpeningSlice, RefusedStart } from "../money/money-event.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { PriceSheet, Usage } from "../money/price.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { Assembly, Microtask, Plan } from "../plan/microtask.ts";
import type { RedactionCounts } from "../plan/redaction.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Finish, Repeats, RequestFault } from "../race/model-port.ts";
import type { AttemptRole, Continues, JudgeAudit, Spared } from "../race/race-event.ts";
import type { Uncut } from "../race/uncut.ts";
import type { WebhookMessage } from "./delivery-event.ts";
import type { Answer } from "./job-event.ts";

/** One try of one bidder, as the log tells it. Times are epoch ms, durations ms. */
export interface Attempt {
  id: string;
  microtask: string;
  bidder: string;
  place: number;
  round: number;
  role: AttemptRole;
  about: string[];
  on: "prefix" | "whole" | null;
  /** judge: the call whose verdict it audits; null: it judges by itself. */
  audits: string | null;
  epoch: number;
  status: "running" | "complete" | "failed" | "cancelled" | "orphaned";
  startedAtMs: number;
  startedSeq: number;
  /** Seq of its verdict on the whole, or of the one that rejected its prefix; null: none. */
  verdictSeq: number | null;
  endedAtMs: number | null;
  inputTokens: number;
  maxOutputTokens: number;
  reservedNano: NanoUsd;
  price: PriceSheet | null;
  /** What it goes on from; null: it answers from the start. */
  continues: Continues | null;
  /** Complete text when `complete`; what was streamed so far otherwise. Holds what it goes on from. */
  text: string;
  /** What it asks to be called, as its model wrote it; known once it is complete. */
  calls: ToolCall[];
  usage: Usage | null;
  /** Its provider's record, which cannot be: its reservation is its cost until it is reconciled. */
  disputed: Usage | null;
  costNano: NanoUsd;
  /** What its cut saved: `uncut` less what is billed. */
  savedNano: NanoUsd;
  savedTokens: number;
  /** How long it would have been, by the latest evidence, and could have been; null: not cut, or a log without it. */
  uncut: (Uncut & { boundTokens: number }) | null;
  /** It waited this long for its place at the bidder and its slot; other durations do not hold it. */
  queuedMs: number;
  /** When it was asked to stop and when it did, epoch ms, and the output tokens seen until then. null: it was not cut. */
  cut: { askedAtMs: number; stoppedAtMs: number; tokensSeen: number } | null;
  /** It was cut on a prediction. */
  writtenOff: {
    criterion: string;
    evidence: string;
    pFalse: number;
    valueNano: NanoUsd;
    remainingNano: NanoUsd;
    risk: FalseKillRisk | null;
  } | null;
  /** A cut on a prediction was drawn not to be made. */
  spared: Spared | null;
  firstTokenMs: number | null;
  totalMs: number | null;
  failure: FailureReason | null;
  /** What its provider says is wrong with the request itself; null: nothing. */
  fault: RequestFault | null;
  message: string;
  /** How its provider says it ended, and that provider's own word where it is none of ours; null: it did not say. */
  finish: Finish | null;
  finishSaid: string | null;
  /** Its cost was replaced by the provider's own record. */
  reconciled: boolean;
  prefixVerdict: Verdict | null;
  wholeVerdict: Verdict | null;
  /** What a commit on its accepted prefix risked when it was last weighed beside rivals, and whether it was made. */
  bet: { risk: BreakRisk; taken: boolean } | null;
  /** Quarters of its expected length in which its prefix was accepted; known once it is complete or cut. */
  stood: { quarter: number; criteria: string }[];
  /** What predictive criteria spoke against it; known once it has ended. */
  foretold: { signal: string; quarter: number }[];
  /** Frames of its stream that came twice; null: none that is known of. */
  repeats: Repeats | null;
  /** What was replaced in what left for its bidder; null: nothing that is known of. */
  redacted: RedactionCounts | null;
}

export interface Joined {
  attempt: string;
  how: string;
  text: string;
  value: unknown;
  /** Arguments fit their tools' parameters. */
  calls: ToolCall[];
  atMs: number;
}

export interface MicrotaskState {
  task: Microtask;
  status: "pending" | "waiting" | "open" | "joined" | "failed";
  /** Since when it waits for a person or a time; epoch ms, 0: it never did. */
  waitingSinceMs: number;
  approval: { approved: boolean; note: string; atMs: number } | null;
  decisions: Decision[];
  /** When the newest award was made; epoch ms. */
  awardedAtMs: number;
  /** In order of start. */
  attempts: Attempt[];
  committed: string | null;
  /** Verdicts of its judges that were drawn for an audit, in order. */
  audits: JudgeAudit[];
  /** Best-of: pairs in the order they were compared. */
  comparisons: { first: string; second: string; better: "first" | "second" | "tie" | null; why: string }[];
  /** The attempt whose text was delivered last. */
  leader: string | null;
  /** Nobody can go on from this attempt's delivered text. */
  abandoned: { attempt: string; why: string } | null;
  joined: Joined | null;
  /** Starts that money did not allow. */
  refused: RefusedStart[];
  /** What the tenant is invoiced for it; null: nothing was charged. */
  charge: { nano: NanoUsd; atMs: number } | null;
  failure: { code: string; message: string; reason?: string } | null;
}

/** Where a job can stand: it runs (or waits) until it has one of the others, and keeps that. */
export const jobStatuses = ["running", "succeeded", "failed", "cancelled", "parked"] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** The fold of a job's log. */
export interface Job {
  id: string;
  tenant: string;
  request: JobRequest;
  seed: number;
  via: string;
  seq: number;
  epoch: number;
  /** Boots that found an attempt running, since the last microtask was joined. */
  orphanings: number;
  /** Seq of the newest epoch-started; -1: none. */
  bootSeq: number;
  acceptedAtMs: number;
  endedAtMs: number | null;
  status: JobStatus;
  cancelRequested: boolean;
  planSource: Plan["source"] | null;
  planStage: "none" | "planning" | "work";
  /** In plan order. */
  microtasks: MicrotaskState[];
  assembly: Assembly | null;
  answer: Answer | null;
  error: { code: ErrorCode; message: string; reason?: string } | null;
  /** What providers billed or may bill, all attempts. */
  costNano: NanoUsd;
  /** Of its tenant's budget: what it was given at first and holds now, nano-USD; null: no cap. */
  slice: OpeningSlice | null;
  /** What cost and waiting weigh in its auctions; null: a dollar is a dollar. */
  pace: Pace | null;
  leasedNano: NanoUsd | null;
  /** The newest answer of the tenant's budget that was less than asked for, and what it has lent or would lend in all. */
  shortage: { why: MoneyShortage; atMs: number; mostNano: NanoUsd } | null;
  /** What the market is told, in order. */
  settlements: Settlement[];
  /** Its end was made up: what is charged, and what its microtasks teach. What people say of it may come before that. */
  madeUp: boolean;
  /** Keys the market's queue has taken. */
  sent: Set<string>;
  /** Webhooks, in the order they became due. */
  outbox: WebhookMessage[];
  /** What people said of microtasks, in order: it counts once each. */
  feedback: { microtask: string; label: string | null; good: boolean | null; byOperator?: true }[];
}
