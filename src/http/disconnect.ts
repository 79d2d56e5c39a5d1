import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import type { JobHandle } from "./ports.ts";

/**
 * Ends the following of a job when its client goes away, and cancels the job itself only if it asked for that.
 * `end` is called when the response is complete: a client that leaves afterwards cancels nothing.
 */
export class Disconnect {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #cancel: (() => Promise<unknown>) | null;
  #over = false;
  #ended: () => void = () => {};

  constructor(c: Context<AppEnv>, open: () => Promise<JobHandle | null>, cancels: boolean) {
    this.signal = this.#controller.signal;
    this.#cancel = cancels ? async () => (await open())?.cancel("disconnect") : null;
    const client = c.req.raw.signal;
    if (client.aborted) this.left();
    else client.addEventListener("abort", () => this.left(), { once: true });
    // The cancel must still get through.
    if (cancels) keepAlive(c, new Promise((resolve) => (this.#ended = () => resolve(undefined))));
  }

  /** The client is gone. */
  left(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller.abort();
    if (this.#cancel === null) this.#ended();
    else
      this.#cancel()
        .catch(() => {})
        .finally(this.#ended);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller.abort();
    this.#ended();
  }
}

/** The platform drops a request's work soon after its client is gone; this is finished. */
export function keepAlive(c: Context<AppEnv>, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Outside Workers there is no execution context, and nothing that would drop the work.
  }
}
