import type { Example } from "../adapt/examples.ts";
import type { Job } from "../job/job.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import type { Bidder } from "../market/bidder.ts";
import type { MarketState } from "../market/market.ts";
import type { Settlement } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { Grant } from "../money/tenant-ledger.ts";
import type { Kind } from "../plan/kind.ts";
import type { Fleet } from "../race/fleet.ts";
import type { AbortSignalLike, ModelPort, Timeouts } from "../race/model-port.ts";

/** A snapshot of the market, at most 10 s old; decisions read nothing else. */
export interface MarketView {
  state: MarketState;
  bidders: Bidder[];
  pacing: { lambda: number; muUsdPerSecond: number };
  /** Share of model judges' verdicts that a stronger judge is asked about again, 0 to 1; absent: none. */
  judgeAuditShare?: number;
  /** Accepted answers this tenant keeps for a kind, newest first. */
  examples: (kind: Kind) => Example[];
}

export interface AbortLike {
  signal: AbortSignalLike;
  abort(reason: unknown): void;
}

/** A place among the requests of this object that wait for response headers. */
export interface SlotPort {
  /** Resolves when the call may start; `release` is called on headers or on its end, whichever is first. */
  acquire(microtask: string, judge: boolean, signal: AbortSignalLike): Promise<{ release(): void; queuedMs: number }>;
}

/** What became of one sending of a webhook. `gone`: the receiver wants no more (410); `retryAfterMs`: it asked for so much time. */
export type Delivery =
  | { ok: true; status: number }
  | { ok: false; status: number | null; reason: string; gone: boolean; retryAfterMs?: number };

/** Everything the engine does to the world. */
export interface EnginePorts {
  /**
   * Writes events in one atomic commit, or throws and writes none: also when the log is in a later epoch than the
   * writer's. Synchronous: the caller's next effect waits for it.
   */
  append(events: LoggedEvent[], epoch: number): void;
  nowMs(): number;
  /** Calls `then` once, `ms` from now; returns how to call it off. */
  after(ms: number, then: () => void): () => void;
  newAbort(): AbortLike;
  models: ModelPort;
  slots: SlotPort;
  /** What this process knows of its bidders' health and room; shared by its jobs. */
  fleet: Fleet;
  /** Time-outs of a call; absent: the usual ones. */
  timeouts?: Timeouts;
  market(): MarketView;
  /** Is it known what the market is? Until then nothing is decided that reads it. Absent: it is. */
  marketKnown?(): boolean;
  /**
   * Is it what the stores said some seconds ago? Where not it is being read, bidders are asked when it was, and the run
   * gets another turn. Absent: it is.
   */
  marketFresh?(): boolean;
  /** Hands settlements and the job's summary to the market's queue: at least once, keyed. */
  settle(job: Job, settlements: Settlement[]): Promise<void>;
  /**
   * Raises what the tenant's budget lends this job to `wantNano` in all, or at least to `leastNano`, or not at all.
   * `waitMs`: how long the answer may take when other jobs hold the money. Asking again for the same borrows once.
   */
  lease(job: Job, leastNano: NanoUsd, wantNano: NanoUsd, waitMs: number): Promise<Grant>;
  /** Sends a webhook's body to the request's receiver, once; what became of it is its value. */
  deliver(job: Job, id: string, body: string): Promise<Delivery>;
  /** Unguessable text for the fences around data in a judge's prompt. */
  nonce(): string;
  detectLanguage(text: string): { language: string; confidence: number } | null;
  /** The log refused a write or the engine has a defect: this process is done with the job; a later boot goes on. */
  broken(error: unknown): void;
  /** Is anybody reading along? Text that nobody waits for is written in larger batches. */
  watched(): boolean;
  /** Told of every committed batch; must not throw. An empty one: nothing was written, and what the job waits for changed. */
  committed(events: LoggedEvent[]): void;
}
