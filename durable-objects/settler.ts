import { DurableObject } from "cloudflare:workers";
import { settleNow } from "../src/entry/settlements.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { SettlementMessage } from "../src/job/job-summary.ts";
import { DeadLetters } from "./dead-letters.ts";

/** One write of D1 takes no more messages. */
const mostMessages = 100;

interface Held {
  messages: SettlementMessage[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The market's one consumer where no queue outlives a restart (`npm run serve`). Who hands it messages is answered when
 * the database has them, and tries again after an error, as with the queue. What comes while one batch is written is
 * the next batch. What can never be taken is kept here, and tried once by each process: newer code may read it.
 */
export class SettlerObject extends DurableObject<AtomicEnv> {
  #held: Held[] = [];
  #writing = false;
  #triedKept = false;
  readonly #deadLetters: DeadLetters;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#deadLetters = new DeadLetters(ctx.storage.sql);
  }

  /**
   * Resolves when the database has all of them, or this object keeps what it cannot take; rejects with what D1 throws:
   * then none was settled. A repeat changes nothing.
   */
  settle(messages: SettlementMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.push({ messages, resolve, reject });
      if (!this.#writing) this.ctx.waitUntil(this.#write());
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    for (let group = this.#next(); group.length > 0; group = this.#next()) {
      try {
        const messages = group.flatMap((one) => one.messages);
        for (const [index, reason] of await this.#settle(messages)) {
          const message = messages[index];
          if (message !== undefined) this.#deadLetters.keep(message, reason, Date.now());
        }
        for (const one of group) one.resolve();
        if (!this.#triedKept) await this.#tryKept();
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    this.#writing = false;
  }

  #settle(messages: SettlementMessage[]): Promise<Map<number, string>> {
    return settleNow(this.env, messages, (work) => this.ctx.waitUntil(work));
  }

  async #tryKept(): Promise<void> {
    this.#triedKept = true;
    let last = 0;
    for (;;) {
      const kept = this.#deadLetters.list(last, mostMessages);
      if (kept.length === 0) return;
      const rejected = await this.#settle(kept.map(({ message }) => message));
      for (const [i, { n }] of kept.entries()) {
        if (!rejected.has(i)) this.#deadLetters.drop(n);
        last = n;
      }
    }
  }

  /** Those who came first, as many as one write takes and at least one. */
  #next(): Held[] {
    let messages = 0;
    const fits = this.#held.findIndex((one) => {
      messages += one.messages.length;
      return messages > mostMessages;
    });
    return this.#held.splice(0, fits === -1 ? this.#held.length : Math.max(1, fits));
  }
}
