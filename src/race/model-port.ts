import type { FailureReason } from "../market/settlement.ts";
import type { Usage } from "../money/price.ts";
import type { JsonSchema } from "../plan/contract.ts";
import type { Kind } from "../plan/kind.ts";
import type { Message } from "../plan/microtask.ts";
import type { Sampling } from "../plan/sampling.ts";
import type { ToolCall, Tools } from "../plan/tool.ts";

/** Durations in ms. Timers start when the call holds its slot. */
export interface Timeouts {
  connectMs: number;
  firstTokenMs: number;
  betweenTokensMs: number;
  totalMs: number;
}

/** One streamed call of one bidder. */
export interface ModelCall {
  attempt: string;
  bidder: string;
  kind: Kind;
  /** The whole prompt, for models. */
  messages: Message[];
  /** The text the microtask is about, bare, for embedded specialists. */
  text: string;
  labels: string[] | null;
  schema: JsonSchema | null;
  /** Absent: the bidder is offered none. */
  tools?: Tools;
  /** The last message is the answer's own beginning, delivered already: the model is to write the rest. Absent: no. */
  continues?: true;
  /** What its provider is to cache, where that is said and billed: what stands before the turns, all of it. Absent: nothing. */
  promptCache?: { head: boolean; end: boolean };
  maxOutputTokens: number;
  temperature: number | null;
  /** What the caller said of the drawing; its seed goes before `seed`. Absent: nothing. */
  sampling?: Sampling;
  /** Its text ends before the first of these that occurs in it. Absent: none. */
  stop?: string[];
  seed: number;
  timeouts: Timeouts;
}

/** How a provider says that an answer ended. other: a word that nobody here knows; unknown: it said nothing at all. */
export type Finish = "stop" | "length" | "content-filter" | "other" | "unknown";

/** Frames that came twice, by what was made of them. */
export interface Repeats {
  dropped: number;
  alike: number;
}

export type ModelPart =
  /** Response headers came: the connection is open. */
  | { type: "open" }
  | { type: "text"; text: string }
  /** Thinking that is billed but not shown. */
  | { type: "reasoning"; text: string }
  /** A piece of a call that is being written: billed; what is called comes whole, as `call`. */
  | { type: "call-text"; text: string }
  /** A tool is to be called: a whole call, its arguments as the model wrote them. At least one has an answer without text. */
  | { type: "call"; call: ToolCall }
  | { type: "usage"; usage: Usage }
  /** A frame of the stream came twice. dropped: by its own number; alike: byte for byte, and it was passed on as sent. */
  | { type: "repeat"; how: "dropped" | "alike" }
  /** The provider's own end of stream; `said`: its word, where that is none of ours. A stream that ends without it was cut: the port throws `truncated`. */
  | { type: "end"; finish: Finish; said?: string };

/** What a provider says is wrong with the request itself: it would say it again. */
export type RequestFault = "refused" | "too-long";

/** Why a call failed. Thrown by the iterator of `ModelPort.stream`; never carries prompt text or keys. */
export class ModelFailure extends Error {
  readonly reason: FailureReason;
  readonly retryAfterMs: number | null;
  readonly status: number | null;
  readonly fault: RequestFault | null;
  /** empty-answer: its output cap was used up before any text. */
  readonly capped: boolean;
  constructor(
    reason: FailureReason,
    message: string,
    options: { retryAfterMs?: number; status?: number; fault?: RequestFault; capped?: boolean } = {},
  ) {
    super(message);
    this.name = "ModelFailure";
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.status = options.status ?? null;
    this.fault = options.fault ?? null;
    this.capped = options.capped ?? false;
  }
}

/**
 * Effects behind a race. `stream` starts the call when iterated; aborting `signal` closes the upstream connection and
 * ends the iterator (returning or throwing) promptly, even when the provider is silent.
 */
export interface ModelPort {
  stream(call: ModelCall, signal: AbortSignalLike): AsyncIterable<ModelPart>;
}

/** The part of AbortSignal that ports need; declared here so that pure stages compile without platform types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
