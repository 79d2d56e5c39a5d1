import type { TokenEstimate } from "../adapt/prompt.ts";
import type { PrefixJudge } from "../judge/prefix-judge.ts";
import type { RedactionCounts } from "../plan/redaction.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Repeats } from "../race/model-port.ts";
import type { Seam } from "../race/seam.ts";
import type { AbortLike } from "./ports.ts";

/** What is known of a running attempt beyond the log: gone with the process, and then the attempt is orphaned. */
export interface LiveAttempt {
  abort: AbortLike;
  judge: PrefixJudge | null;
  /** All that its provider bills as input. */
  sent: readonly string[];
  /** Pictures that went with them. */
  images: number;
  /** What it goes on from included. */
  text: string;
  /** What it has asked to be called so far. */
  calls: ToolCall[];
  /** Where it goes on from another's text; null: it answers from the start. */
  seam: Seam | null;
  /** Its own tokens, as counted: an estimate of all its text and thinking so far. */
  tokens: number;
  count: TokenEstimate;
  openedAtMs: number | null;
  firstTokenAtMs: number | null;
  lastTokenAtMs: number | null;
  /** Code units of `text` already in the log. */
  logged: number;
  flush: (() => void) | null;
  asked: { why: string; atMs: number } | null;
  queuedMs: number;
  /** When the call held its place and its slot: its timers count from here. null: it still waits for them. */
  calledAtMs: number | null;
  /** Tokens a judge saw at its last look at the prefix; absent: none looked. */
  judgedAtTokens?: number;
  /** Criteria that can still break its accepted prefix; null: it is not accepted; absent: nothing was said of it. */
  standing?: string | null;
  /** Its prefix was accepted, and then no more. */
  lost?: true;
  /** Quarters of its expected length in which its prefix was accepted. */
  stood?: { quarter: number; criteria: string }[];
  /** What predictive criteria spoke against it, and the quarter of its expected length in which they first did. */
  foretold?: { signal: string; quarter: number }[];
  /** Frames of its stream that came twice; absent: none did. */
  repeats?: Repeats;
  /** What was replaced in what it was sent; absent: nothing. */
  redacted?: RedactionCounts;
}
export type LiveAttempts = ReadonlyMap<string, LiveAttempt>;
