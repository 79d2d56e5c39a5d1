import type { NanoUsd } from "../money/nano-usd.ts";
import type { Effort } from "../plan/effort.ts";
import type { ImageWay } from "../plan/image.ts";
import type { Kind } from "../plan/kind.ts";
import type { Features } from "./cell.ts";

/** What a job would rather have: sets the worth of its answers and what cost and waiting weigh (policy.ts). */
export type Policy = "balanced" | "cheap" | "fast" | "best";
/**
 * auto: the market decides how many run and when. single: one at a time, no hedge. race: parallel start, first full
 * pass wins. best-of: parallel start, the best of all by the judge. agreement: two that agree win. fusion:
 * parallel start, a model merges all that passed, and the merged answer is held to the contract like any other.
 */
export type Strategy = "auto" | "single" | "race" | "best-of" | "agreement" | "fusion";

/** What one microtask asks of the market: everything a decision may depend on besides profiles and draws. */
export interface AuctionRequest {
  kind: Kind;
  closed: boolean;
  /** Declared context: the features a cell is made of, and nothing else. */
  features: Features;
  inputTokens: number;
  maxOutputTokens: number;
  /** Worth of an accepted answer; null: 20 x the strongest eligible bidder's expected cost. */
  valueNano: NanoUsd | null;
  /** What is left of the budget; null: none. */
  budgetNano: NanoUsd | null;
  /** What is left of the deadline; null: none. */
  deadlineMs: number | null;
  policy: Policy;
  strategy: Strategy;
  needsStructuredOutput: boolean;
  /** Tools are offered. Absent: none are. */
  needsTools?: true;
  /** It has pictures, which come in the call, or some by their address. Absent: it has none. */
  needsImages?: ImageWay;
  /** The caller says in words how it is to be done. Absent: only its kind does. */
  instructed?: true;
  /** Who can be told how long to think is to think so long at least. Absent: as its operator said. */
  effort?: Effort;
  /** Bidders the caller's key and the operator allow; null: all enabled. */
  allowed: string[] | null;
  noRetention: boolean;
  region: string | null;
  /** Tried in this microtask already: their answer was rejected, or they failed with an error. */
  tried: { bidder: string; how: "rejected" | "failed" }[];
  /** Not to be asked now: circuit open, no headroom, a contestant when a judge is looked for; with the reason. */
  unavailable: { bidder: string; reason: string }[];
  /** Price of one look by the judge, and how far its verdict can be trusted. Deterministic truth: 1, 1, 0; nothing is ever rejected: 1, 0, 0. */
  verdict: { trueAccept: number; trueReject: number; costNano: NanoUsd };
  /** What a look at these bidders' answers costs, where it is another judge's than the usual one's. */
  looks?: Record<string, NanoUsd>;
  /** A look by whoever judges cheapest: what the default worth counts, so that a dear judge makes no answer worth more. Absent: the verdict's. */
  worthLookNano?: NanoUsd;
  /** Requests under way or waiting at each bidder, as far as this process knows; default 0. */
  load: Record<string, number>;
  /** Tokens of its input that each bidder's provider has in its cache, as far as this process knows; default 0. */
  cachedTokens?: Record<string, number>;
  /** Queueing to expect at each bidder from learned caps, ms; the declared cap and the load tell the rest. Default 0. */
  queueMs?: Record<string, number>;
  nowMs: number;
  /** Attempts a microtask may make in all, those tried included; default 3. */
  maxAttempts?: number;
}

/** A bidder's claim for one microtask, with its reasons. Kept whole in the decision's event. */
export interface Bid {
  bidder: string;
  /** Calibrated probability of an accepted answer, its mean and standard deviation. */
  accept: { mean: number; sd: number };
  /** The draw the score used (Thompson). */
  draw: number;
  costNano: NanoUsd;
  firstTokenMs: { p50: number; p95: number };
  totalMs: { p50: number; p95: number };
  /** value x draw - lambda x cost - mu x latency, USD. */
  score: number;
  /** Numbers that were read to make the bid, for the explanation. */
  reasons: { [name: string]: number | string };
}

/** A bidder's place in the line-up of an award. */
export interface Place {
  bidder: string;
  role: "leader" | "parallel" | "hedge" | "fallback" | "audit";
  /** parallel and audit: 0. hedge: ms after the leader's start without a first token. fallback: null, after a failure. */
  startAfterMs: number | null;
  /** It stands in for one that is silent or failed. After a rejection it is no answer the market paid for: it is asked again. */
  spare?: true;
}

/** One auction: all that it read, drew and decided. A pure function of this (without `award`) gives `award` again. */
export interface Decision {
  version: 1;
  round: number;
  kind: Kind;
  cell: string;
  valueNano: NanoUsd;
  lambda: number;
  muUsdPerSecond: number;
  explored: boolean;
  bids: Bid[];
  /** Not eligible, and why. */
  excluded: { bidder: string; reason: string }[];
  /** The ordered line-up. */
  award: Place[];
  /** One sentence a person can read. */
  why: string;
  /** What else replay needs: the request and the numbers read from profiles. Owned by the market. */
  inputs: unknown;
}
