import { fnv1a } from "../plan/fnv1a.ts";

/** So long a provider keeps what it cached after its last use, ms (Anthropic; OpenAI 30 minutes). */
const keptMs = 5 * 60_000;
const mostHeads = 1_000;

/** Which beginnings of prompts were sent to whom within five minutes, by hash. At most 1,000, those of latest. */
export class SentHeads {
  readonly #sentAtMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Was this beginning sent to the bidder lately? Remembers that it is now. */
  sentAgain(bidder: string, head: readonly string[]): boolean {
    const key = `${bidder}\n${head.map((text) => `${text.length}.${fnv1a(text)}`).join("\n")}`;
    const nowMs = this.#nowMs();
    const before = this.#sentAtMs.get(key);
    // Deleted first, so that the oldest stand in front.
    this.#sentAtMs.delete(key);
    this.#sentAtMs.set(key, nowMs);
    if (this.#sentAtMs.size > mostHeads)
      for (const oldest of this.#sentAtMs.keys()) {
        this.#sentAtMs.delete(oldest);
        break;
      }
    return before !== undefined && nowMs - before <= keptMs;
  }
}
