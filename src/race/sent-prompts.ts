/** A prompt up to one of its messages: what it is known by, and its tokens up to there. */
export interface Beginning {
  key: string;
  tokens: number;
}

/** So long a provider keeps what it cached, since it was last used, ms (Anthropic; OpenAI 30 minutes). */
const keptMs = 5 * 60_000;
/** Providers cache no shorter prompt, tokens (OpenAI, and most of Anthropic's; some of these want 4,096). */
export const fewestCached = 1_024;
const mostKeys = 2_000;

/** When a bidder was last sent a beginning, and whether it was asked to cache it. */
interface Sending {
  atMs: number;
  cached: boolean;
}

/**
 * Which beginnings of prompts were sent to whom within five minutes, by hash: what is worth caching at a provider, and
 * what of the next prompt it has in its cache. At most 2,000, those used last.
 */
export class SentPrompts {
  readonly #nowMs: () => number;
  readonly #sendings = new Map<string, Map<string, Sending>>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * A prompt leaves for a bidder: its beginnings, the shortest (what stands before the turns) first. `wished`: whether
   * that one and all of it come again, as far as the caller knows. What is to be cached: the former also where it was
   * sent to this bidder before.
   */
  send(bidder: string, beginnings: readonly Beginning[], wished: { head: boolean; end: boolean }): typeof wished {
    const [head, end] = [beginnings[0], beginnings.at(-1)];
    const marks = {
      head: isLong(head) && (wished.head || this.#of(head.key).has(bidder)),
      end: isLong(end) && wished.end,
    };
    if (isLong(head)) this.#note(head.key, bidder, marks.head);
    if (isLong(end) && marks.end) this.#note(end.key, bidder, true);
    return marks;
  }

  /** Tokens of the longest of these beginnings in each bidder's cache; who has none is left out. Cost: its messages. */
  cachedTokens(beginnings: readonly Beginning[]): Record<string, number> {
    const tokens: Record<string, number> = {};
    for (const beginning of beginnings)
      if (isLong(beginning))
        for (const [bidder, { cached }] of this.#of(beginning.key)) if (cached) tokens[bidder] = beginning.tokens;
    return tokens;
  }

  /** Who was sent it within the time. */
  #of(key: string): Map<string, Sending> {
    const sendings = this.#sendings.get(key);
    if (sendings === undefined) return new Map();
    const sinceMs = this.#nowMs() - keptMs;
    for (const [bidder, { atMs }] of sendings) if (atMs < sinceMs) sendings.delete(bidder);
    return sendings;
  }

  #note(key: string, bidder: string, cached: boolean): void {
    const sendings = this.#sendings.get(key) ?? new Map<string, Sending>();
    sendings.set(bidder, { atMs: this.#nowMs(), cached });
    // Put in anew, so that the one unused for longest stands in front.
    this.#sendings.delete(key);
    this.#sendings.set(key, sendings);
    const oldest = this.#sendings.keys().next();
    if (this.#sendings.size > mostKeys && !oldest.done) this.#sendings.delete(oldest.value);
  }
}

const isLong = (beginning: Beginning | undefined): beginning is Beginning =>
  beginning !== undefined && beginning.tokens >= fewestCached;
