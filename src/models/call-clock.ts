import { type AbortSignalLike, ModelFailure, type Timeouts } from "../race/model-port.ts";

/** Thrown inside a call when its caller aborted it; never leaves the call. */
export class CallCancelled extends Error {}

type Phase = "connect" | "first-token" | "between-tokens";

/**
 * The four time-outs of one call and its abort, in one place. `signal` closes the upstream; `race` settles at once on
 * abort or time-out even when the pending promise never does (a Workers AI read ignores its signal: cloudflare/ai 640).
 */
export class CallClock {
  readonly signal: AbortSignal;
  readonly #timeouts: Timeouts;
  readonly #outer: AbortSignalLike;
  readonly #controller = new AbortController();
  readonly #onAbort = () => this.#end(new CallCancelled("cancelled"));
  readonly #startedAtMs = Date.now();
  #phase: Phase = "connect";
  #phaseFromMs = this.#startedAtMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #bodyRead = false;
  #ended: Error | null = null;
  readonly #waiting = new Set<(reason: Error) => void>();

  constructor(timeouts: Timeouts, outer: AbortSignalLike) {
    this.#timeouts = timeouts;
    this.#outer = outer;
    this.signal = this.#controller.signal;
    outer.addEventListener("abort", this.#onAbort, { once: true });
    this.#arm();
    if (outer.aborted) this.#onAbort();
  }

  /** Why the call was ended from here: cancelled by the caller, or a time-out; null: it was not. */
  get ended(): Error | null {
    return this.#ended;
  }

  /** Response headers came. */
  opened(): void {
    if (this.#phase === "connect") this.#enter("first-token");
  }

  /** A token came. */
  progressed(): void {
    this.#enter("between-tokens");
  }

  /** The response was read to its end: there is nothing left upstream that ending the call would have to close. */
  bodyRead(): void {
    this.#bodyRead = true;
  }

  /** The value of `pending`, or a rejection as soon as the call is cancelled, timed out or stopped. */
  race<T>(pending: Promise<T>): Promise<T> {
    if (this.#ended) {
      pending.catch(() => {});
      return Promise.reject(this.#ended);
    }
    // Not Promise.race with one long-lived promise: that would keep a reaction for every chunk of a stream.
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const done = () => this.#waiting.delete(reject);
      pending.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  /** Ends the call: its timers, and the upstream if that is still open. */
  stop(): void {
    this.#outer.removeEventListener("abort", this.#onAbort);
    this.#end(new CallCancelled("stopped"));
  }

  /** Cheap: the timer is not moved, it looks at the phase and its time when it fires. */
  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseFromMs = Date.now();
  }

  /** When the phase or the whole call is over time, epoch ms. */
  #dueAtMs(): number {
    return Math.min(this.#phaseFromMs + this.#phaseMs, this.#startedAtMs + this.#timeouts.totalMs);
  }

  get #phaseMs(): number {
    const { connectMs, firstTokenMs, betweenTokensMs } = this.#timeouts;
    return this.#phase === "connect" ? connectMs : this.#phase === "first-token" ? firstTokenMs : betweenTokensMs;
  }

  /** One timer for four time-outs. It fires after the shortest phase, so that no phase entered meanwhile is over before. */
  #arm(): void {
    const { connectMs, firstTokenMs, betweenTokensMs } = this.#timeouts;
    const dueMs = Math.max(0, this.#dueAtMs() - Date.now());
    const waitMs = Math.min(dueMs, connectMs, firstTokenMs, betweenTokensMs);
    this.#timer = setTimeout(() => this.#fired(), waitMs);
  }

  #fired(): void {
    this.#timer = undefined;
    const nowMs = Date.now();
    if (nowMs < this.#dueAtMs()) return this.#arm();
    const { connectMs, firstTokenMs, betweenTokensMs, totalMs } = this.#timeouts;
    if (nowMs >= this.#startedAtMs + totalMs) this.#timeOut("total-timeout", "whole answer", totalMs);
    else if (this.#phase === "connect") this.#timeOut("connect-timeout", "response headers", connectMs);
    else if (this.#phase === "first-token") this.#timeOut("first-token-timeout", "first token", firstTokenMs);
    else this.#timeOut("stall-timeout", "next token", betweenTokensMs);
  }

  #timeOut(
    reason: "connect-timeout" | "first-token-timeout" | "stall-timeout" | "total-timeout",
    awaited: string,
    ms: number,
  ): void {
    this.#end(new ModelFailure(reason, `no ${awaited} within ${ms} ms`));
  }

  #end(why: Error): void {
    if (this.#ended) return;
    this.#ended = why;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (!this.#bodyRead) this.#controller.abort(why);
    for (const reject of this.#waiting) reject(why);
    this.#waiting.clear();
  }
}
