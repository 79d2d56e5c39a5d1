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
  #phase: Phase = "connect";
  #phaseFromMs = Date.now();
  #phaseTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #totalTimer: ReturnType<typeof setTimeout>;
  #ended: Error | null = null;
  readonly #waiting = new Set<(reason: Error) => void>();

  constructor(timeouts: Timeouts, outer: AbortSignalLike) {
    this.#timeouts = timeouts;
    this.#outer = outer;
    this.signal = this.#controller.signal;
    outer.addEventListener("abort", this.#onAbort, { once: true });
    this.#totalTimer = setTimeout(
      () => this.#timeOut("total-timeout", "whole answer", timeouts.totalMs),
      timeouts.totalMs,
    );
    this.#arm(timeouts.connectMs);
    if (outer.aborted) this.#onAbort();
  }

  /** Why the call was ended from here: cancelled by the caller, or a time-out; null: it was not. */
  get ended(): Error | null {
    return this.#ended;
  }

  /** Response headers came. */
  opened(): void {
    if (this.#phase === "connect") this.#enter("first-token", this.#timeouts.firstTokenMs);
  }

  /** A token came. Cheap: the timer is not re-armed, it looks at the time of the last token when it fires. */
  progressed(): void {
    if (this.#phase === "between-tokens") this.#phaseFromMs = Date.now();
    else this.#enter("between-tokens", this.#timeouts.betweenTokensMs);
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

  #enter(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.#phaseFromMs = Date.now();
    if (this.#phaseTimer !== undefined) clearTimeout(this.#phaseTimer);
    this.#arm(ms);
  }

  #arm(ms: number): void {
    this.#phaseTimer = setTimeout(() => this.#phaseFired(), ms);
  }

  #phaseFired(): void {
    const { connectMs, firstTokenMs, betweenTokensMs } = this.#timeouts;
    if (this.#phase === "connect") this.#timeOut("connect-timeout", "response headers", connectMs);
    else if (this.#phase === "first-token") this.#timeOut("first-token-timeout", "first token", firstTokenMs);
    else {
      const left = this.#phaseFromMs + betweenTokensMs - Date.now();
      if (left > 0) this.#arm(left);
      else this.#timeOut("stall-timeout", "next token", betweenTokensMs);
    }
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
    if (this.#phaseTimer !== undefined) clearTimeout(this.#phaseTimer);
    clearTimeout(this.#totalTimer);
    this.#controller.abort(why);
    for (const reject of this.#waiting) reject(why);
    this.#waiting.clear();
  }
}
