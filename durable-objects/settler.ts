import { DurableObject } from "cloudflare:workers";
import { settleNow } from "../src/entry/settlements.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { SettlementMessage } from "../src/job/job-summary.ts";

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
 * the next batch.
 */
export class SettlerObject extends DurableObject<AtomicEnv> {
  #held: Held[] = [];
  #writing = false;

  /** Resolves when the database has all of them; rejects with what D1 throws: then none was settled. A repeat changes nothing. */
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
        await settleNow(
          this.env,
          group.flatMap((one) => one.messages),
          (work) => this.ctx.waitUntil(work),
        );
        for (const one of group) one.resolve();
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    this.#writing = false;
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
