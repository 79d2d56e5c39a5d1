import type { SettlementMessage } from "../src/job/job-summary.ts";
import type { ChainedSeal, Seal } from "../src/job/seal.ts";
import { bytesOf } from "../src/job/settlement-messages.ts";
import type { OpeningSlice } from "../src/money/money-event.ts";
import type { NanoUsd } from "../src/money/nano-usd.ts";

/** So long an ended job waits for others to settle with, ms. Nobody waits for it: its answer is out. */
const lingerMs = 100;
/** A queue takes no more at once: 100 messages, 256 KB. */
const mostMessages = 100;
const mostBytes = 240_000;
/** So many jobs refused in a row, each by itself: it is the queue that is down, and the others are not tried. */
const mostFailures = 3;

/** What a job cost, how long it took, and the slice of money it began with. */
export interface Bill {
  job: string;
  slice: OpeningSlice | null;
  costNano: NanoUsd;
  chargeNano: NanoUsd;
  /** The job succeeded. */
  answered: boolean;
  /** From its acceptance to its end; null: that says nothing about the market (it waited for a person). */
  tookMs: number | null;
}

/** A bill, whose job it is of, and what was recorded of its log; null: that was told before. */
export interface SealedBill extends Bill {
  tenant: string;
  status: string;
  /** Epoch ms. */
  endedAtMs: number | null;
  seal: Seal | null;
}

export interface SettleEffects {
  /**
   * Takes bills in one synchronous block, which is one commit. A repeat changes nothing. Returns each bill's seal as it
   * stands in the tenant's chain, null: it has none.
   */
  take(bills: SealedBill[]): (ChainedSeal | null)[];
  /** The month that a job's bill was booked in, "2026-11"; null, absent: nobody knows. */
  month?(job: string): string | null;
  /** Hands messages to the market's queue, all or none. */
  send(messages: SettlementMessage[]): Promise<void>;
}

interface Held {
  bill: Bill;
  messages: SettlementMessage[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The settling of a tenant's jobs that end close together: one commit and one call of the queue for all of them, where
 * one each was a third of all the time a short job took.
 */
export class SettleWindow {
  readonly #effects: SettleEffects;
  #held: Held[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(effects: SettleEffects) {
    this.#effects = effects;
  }

  /** Resolves when the bill is taken and the queue has the messages; after a rejection both may be done again. */
  settle(bill: Bill, messages: SettlementMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.push({ bill, messages, resolve, reject });
      this.#timer ??= setTimeout(() => this.flush(), lingerMs);
    });
  }

  /** Settles what is held now. */
  flush(): void {
    const held = this.#held;
    this.#held = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (held.length === 0) return;
    try {
      const seals = this.#effects.take(held.map(({ bill, messages }) => ({ ...bill, ...aboutOf(messages) })));
      for (const [i, one] of held.entries()) {
        const month = this.#effects.month?.(one.bill.job) ?? null;
        one.messages = booked(sealed(one.messages, seals[i] ?? null), month);
      }
    } catch (error) {
      for (const one of held) one.reject(error);
      return;
    }
    for (const group of groupsOf(held)) void this.#send(group);
  }

  async #send(group: Held[]): Promise<void> {
    if (group.length > 1)
      try {
        await this.#effects.send(group.flatMap((one) => one.messages));
        for (const one of group) one.resolve();
        return;
      } catch {
        // One message may be what the queue refuses: alone, it fails alone, and nobody meets it again.
      }
    let failed = 0;
    for (const one of group) {
      const error = failed < mostFailures ? await sendAlone(one, this.#effects) : new Error("The queue is down.");
      failed = error === null ? 0 : failed + 1;
      if (error === null) one.resolve();
      else one.reject(error);
    }
  }
}

function aboutOf(messages: readonly SettlementMessage[]): Omit<SealedBill, keyof Bill> {
  const { tenant = "", status = "", endedAtMs = null, seal = null } = messages[0]?.summary ?? {};
  return { tenant, status, endedAtMs, seal };
}

/** Only what tells of a job for the first time has a seal. */
const sealed = (messages: SettlementMessage[], seal: ChainedSeal | null): SettlementMessage[] =>
  seal === null
    ? messages
    : messages.map((one) => (one.summary.seal === undefined ? one : { ...one, summary: { ...one.summary, seal } }));

/** Lists and books count a job in the same month, which is the one whose cap it was lent from. */
const booked = (messages: SettlementMessage[], month: string | null): SettlementMessage[] =>
  month === null ? messages : messages.map((one) => ({ ...one, month }));

/** One job may have more than the queue takes at once. null: the queue has all of it. */
async function sendAlone({ messages }: Held, effects: SettleEffects): Promise<unknown> {
  try {
    for (const message of messages) await effects.send([message]);
    return null;
  } catch (error) {
    return error ?? new Error("The queue took nothing.");
  }
}

/** In order, as many jobs at once as the queue takes; one that alone has more than that goes alone. */
function groupsOf(held: Held[]): Held[][] {
  const groups: Held[][] = [];
  let messages = 0;
  let bytes = 0;
  for (const one of held) {
    const size = one.messages.reduce((sum, message) => sum + bytesOf(message), 0);
    const group = groups.at(-1);
    if (group !== undefined && messages + one.messages.length <= mostMessages && bytes + size <= mostBytes) {
      group.push(one);
      messages += one.messages.length;
      bytes += size;
      continue;
    }
    groups.push([one]);
    messages = one.messages.length;
    bytes = size;
  }
  return groups;
}
