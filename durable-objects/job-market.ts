import type { MarketView } from "../src/engine/ports.ts";
import { type MarketParcel, unpackMarket } from "../src/entry/market-parcel.ts";
import { emptySnapshot, type MarketSnapshot, marketSnapshot, viewOf } from "../src/entry/market-snapshot.ts";
import type { AtomicEnv } from "../src/env.ts";

/** The market as one job's object sees it: what came with the job, or what it read itself after a restart. */
export class JobMarket {
  readonly #env: AtomicEnv;
  #held: { snapshot: MarketSnapshot; view: MarketView } | null = null;
  #known = false;

  constructor(env: AtomicEnv) {
    this.#env = env;
  }

  take(parcel: MarketParcel): void {
    this.#hold(unpackMarket(parcel));
    this.#known = true;
  }

  async read(tenant: string | null, keepAlive: (work: Promise<unknown>) => void): Promise<void> {
    this.#hold(await marketSnapshot(this.#env, tenant, keepAlive));
    this.#known = true;
  }

  /** It came with the job or was read; until then what is shown is the market of a Worker without stores. */
  get known(): boolean {
    return this.#known;
  }

  get view(): MarketView {
    return (this.#held ?? this.#hold(emptySnapshot(this.#env))).view;
  }

  get endpoints(): MarketSnapshot["endpoints"] {
    return (this.#held ?? this.#hold(emptySnapshot(this.#env))).snapshot.endpoints;
  }

  #hold(snapshot: MarketSnapshot): { snapshot: MarketSnapshot; view: MarketView } {
    const held = { snapshot, view: viewOf(snapshot) };
    this.#held = held;
    return held;
  }
}
