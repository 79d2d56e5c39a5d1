import type { Example } from "../adapt/examples.ts";
import type { MarketState } from "../market/market.ts";
import type { BidderSwitch, StoredBidder } from "./bidder-store.ts";

/** What a decision may read of the stores: at most `maxAgeMs` old. Shared between readers: not to be changed. */
export interface StoreSnapshot {
  state: MarketState;
  bidders: (StoredBidder | BidderSwitch)[];
  /** The asking tenant's accepted answers by kind, newest first. */
  examples: { [kind: string]: Example[] };
}

/** The three reads behind a snapshot, each one D1 query. */
export interface SnapshotSource {
  market(): Promise<MarketState>;
  bidders(): Promise<StoreSnapshot["bidders"]>;
  examples(tenant: string): Promise<{ [kind: string]: Example[] }>;
}

export interface SnapshotClock {
  nowMs(): number;
  /** Resolves `ms` from now. */
  wait(ms: number): Promise<void>;
}

/** Ages in ms. */
export const snapshotLimits = {
  /** From here on a reader also starts a reload, which it does not wait for. */
  refreshMs: 5_000,
  /** Older is not read: the reader waits for the reload. */
  maxAgeMs: 10_000,
  /** While D1 fails, a value this old still serves: an auction on old numbers is better than none. */
  maxAgeOnErrorMs: 300_000,
  /** A reload another request began may die with that request: after this its followers read for themselves. */
  flightMs: 3_000,
  /** Tenants whose examples are held; the longest unread goes first. */
  tenants: 200,
} as const;

/**
 * An isolate's view of the stores. Reads are shared: one reload at a time for each value, whoever asks. Held in module
 * memory; nothing depends on its being there.
 */
export class Snapshots {
  readonly #market: Cached<MarketState>;
  readonly #bidders: Cached<StoreSnapshot["bidders"]>;
  readonly #examples = new Map<string, Cached<StoreSnapshot["examples"]>>();
  readonly #clock: SnapshotClock;

  constructor(clock: SnapshotClock) {
    this.#clock = clock;
    this.#market = new Cached(clock);
    this.#bidders = new Cached(clock);
  }

  /**
   * The snapshot for a tenant (null: none, no examples). `source` is the reader's own, since a D1 binding belongs to a
   * request; `keepAlive` (ctx.waitUntil) lets a reload that nobody waits for finish. Throws what D1 threw when there is
   * nothing young enough to serve.
   */
  async read(
    tenant: string | null,
    source: SnapshotSource,
    keepAlive: (work: Promise<unknown>) => void,
  ): Promise<StoreSnapshot> {
    const [state, bidders, examples] = await Promise.all([
      this.#market.read(() => source.market(), keepAlive),
      this.#bidders.read(() => source.bidders(), keepAlive),
      tenant === null ? {} : this.#examplesOf(tenant).read(() => source.examples(tenant), keepAlive),
    ]);
    return { state, bidders, examples };
  }

  /** After an operator changed bidders: this isolate reads all anew; others within `maxAgeMs`. */
  forget(): void {
    this.#bidders.forget();
    this.#market.forget();
  }

  /** After a tenant's examples were forgotten: this isolate reads them anew. */
  forgetExamples(tenant: string): void {
    this.#examples.get(tenant)?.forget();
  }

  #examplesOf(tenant: string): Cached<StoreSnapshot["examples"]> {
    const cached = this.#examples.get(tenant) ?? new Cached(this.#clock);
    this.#examples.delete(tenant);
    this.#examples.set(tenant, cached);
    if (this.#examples.size > snapshotLimits.tenants) {
      const oldest = this.#examples.keys().next();
      if (!oldest.done) this.#examples.delete(oldest.value);
    }
    return cached;
  }
}

/** One value with a bounded age: stale-while-revalidate within the bound, one load at a time. */
class Cached<T> {
  readonly #clock: SnapshotClock;
  #held: { value: T; atMs: number } | null = null;
  #flight: { load: Promise<T>; atMs: number } | null = null;
  /** Raised by `forget`: a load begun before it is not kept. */
  #generation = 0;

  constructor(clock: SnapshotClock) {
    this.#clock = clock;
  }

  async read(load: () => Promise<T>, keepAlive: (work: Promise<unknown>) => void): Promise<T> {
    const held = this.#held;
    const ageMs = held === null ? Number.POSITIVE_INFINITY : this.#clock.nowMs() - held.atMs;
    if (held !== null && ageMs < snapshotLimits.refreshMs) return held.value;
    if (held !== null && ageMs < snapshotLimits.maxAgeMs) {
      keepAlive(this.#load(load).then(ignore, ignore));
      return held.value;
    }
    try {
      return await this.#awaited(load);
    } catch (error) {
      if (held !== null && ageMs < snapshotLimits.maxAgeOnErrorMs) return held.value;
      throw error;
    }
  }

  forget(): void {
    this.#generation += 1;
    this.#held = null;
    this.#flight = null;
  }

  async #awaited(load: () => Promise<T>): Promise<T> {
    const led = this.#flight === null || this.#expired();
    const flight = this.#load(load);
    if (led) return await flight;
    const late = this.#clock.wait(snapshotLimits.flightMs).then(() => lost);
    const first = await Promise.race([flight, late]);
    return first === lost ? await this.#begin(load) : (first as T);
  }

  #expired(): boolean {
    return this.#flight !== null && this.#clock.nowMs() - this.#flight.atMs >= snapshotLimits.flightMs;
  }

  #load(load: () => Promise<T>): Promise<T> {
    return this.#flight === null || this.#expired() ? this.#begin(load) : this.#flight.load;
  }

  #begin(load: () => Promise<T>): Promise<T> {
    const generation = this.#generation;
    // The age counts from the start of the read: what it returns may have been true only then.
    const atMs = this.#clock.nowMs();
    const flight = { load: load(), atMs };
    this.#flight = flight;
    flight.load.then(
      (value) => {
        if (this.#flight === flight) this.#flight = null;
        if (generation === this.#generation && (this.#held === null || this.#held.atMs <= atMs))
          this.#held = { value, atMs };
      },
      () => {
        if (this.#flight === flight) this.#flight = null;
      },
    );
    return flight.load;
  }
}

const lost = Symbol("the request that led the load is gone");
const ignore = (): void => {};
