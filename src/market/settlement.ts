import type { NanoUsd } from "../money/nano-usd.ts";
import type { Kind } from "../plan/kind.ts";
import type { PrefixReport } from "./break-record.ts";
import type { Features } from "./cell.ts";
import type { JudgeReport } from "./judge-profile.ts";

/** Why an attempt failed; closed set, shown in traces and used by profiles. */
export type FailureReason =
  | "connect-timeout"
  | "first-token-timeout"
  | "stall-timeout"
  | "total-timeout"
  | "rate-limited"
  | "overloaded"
  | "server-error"
  | "client-error"
  | "unauthorized"
  | "connection-lost"
  | "truncated"
  /** Its output cap was Atomic's own, below what the caller allows, and the answer did not fit in it. */
  | "cut-short"
  | "malformed-stream"
  | "error-frame"
  | "empty-answer"
  /** It gave its thoughts as its answer, until their closing tag came, which none had opened. */
  | "unmarked-thoughts"
  | "refused"
  | "too-large"
  | "content-filter"
  /** Given the beginning of an answer to go on from, it said that again. */
  | "repeated-prefix"
  /** It never reached its bidder: no place came free there in time. */
  | "no-capacity"
  | "orphaned"
  | "internal";

/** What an attempt is taken to have been worth. */
export interface Outcome {
  /** 0 (worthless) to 1 (accepted). */
  worth: number;
  source: "criteria" | "judge" | "agreement" | "feedback" | "audit";
  /** Measured P(says accept | good) and P(says reject | bad) of the source. */
  reliability: { trueAccept: number; trueReject: number };
  /** How much of an outcome it is, above 0 to 1: to have the form that was asked for is less than to be right. Absent: 1. */
  weight?: number;
  /** An earlier outcome of this attempt, in whose place it is. Absent: beside all that was said before. */
  instead?: { worth: number; weight: number };
  /** What another source had said of the same attempt: an audit or feedback measures that source. */
  against?: { source: Outcome["source"]; worth: number };
}

/** What became of one attempt. Every attempt that ran teaches, losers too. */
export interface AttemptReport {
  attempt: string;
  bidder: string;
  role: string;
  /** Auction round it was awarded in; attempts of one round that ran side by side do not depend on each other. */
  round?: number;
  /**
   * Bidders that had been rejected and whose acceptance would have kept it from being seen: it started after them, or
   * would have been cut. Absent: a settlement of before it was kept, and the role tells.
   */
  after?: string[];
  /** What the bid claimed. `answered`: of `accept`, given that an answer comes in time; absent: in settlements of before. */
  claimed: { accept: number; answered?: number; costNano: NanoUsd; totalMs: number };
  /** How sure the bidder said it was, 0 to 1 (closed answers carry it); a feature of later claims, never the truth. */
  confidence?: number | null;
  /** null: nothing is known of its worth (cut before a verdict, or a closed answer that only parsed). */
  outcome: Outcome | null;
  failure: FailureReason | null;
  /** Its answer to a closed question names none of the labels. Absent: it named one, or the question was open. */
  unreadable?: true;
  costNano: NanoUsd;
  firstTokenMs: number | null;
  /** Time until its end; when `censored`, it would have taken longer. */
  totalMs: number;
  censored: boolean;
  /** false where no I/O lay between (embedded bidders): the clock stood still. */
  timed: boolean;
  /** false: nothing is known of its tokens and its time. Absent: they are known. */
  measured?: false;
  inputTokens: number;
  /** What its prompt was estimated at before it was sent, as bids are; absent: the settlement's estimate. */
  estimatedInputTokens?: number;
  /** Of that, what the bid took to be in its provider's cache. Absent: nothing. */
  cachedTokens?: number;
  outputTokens: number;
}

/** What the market learns from one microtask, sent once when the job ends, and again (other `source`) on feedback. */
export interface Settlement {
  /** Unique: "job/microtask" or "job/microtask/feedback/N". Repeats are dropped by (key). */
  key: string;
  tenant: string;
  kind: Kind;
  features: Features;
  /** What the request estimated its input to be, tokens; absent: a quarter of its characters. */
  estimatedInputTokens?: number;
  atMs: number;
  /** From an evaluation, not from a job: nothing was bid, so no claim is scored, and its order in time says nothing of change. */
  evaluated?: true;
  /** The operator's word: no cap holds it. Absent: a tenant's, or nobody's. */
  trusted?: true;
  /** These attempts were settled before: their outcomes are news, their times, tokens and costs are not. */
  again?: boolean;
  attempts: AttemptReport[];
  /** What it teaches about the judges that were asked. */
  judges?: JudgeReport[];
  /** Accepted prefixes, and those a signal spoke against, whose whole answers are known. */
  prefixes?: PrefixReport[];
}
