import type { MarketView } from "../src/engine/ports.ts";
import type { JobRun } from "../src/engine/run-job.ts";
import { type MarketParcel, unpackMarket } from "../src/entry/market-parcel.ts";
import { emptySnapshot, type MarketSnapshot, marketSnapshot, viewOf } from "../src/entry/market-snapshot.ts";
import type { AtomicEnv } from "../src/env.ts";

/** The market as one job's object sees it: what came with the job, or what it read itself after a restart. */
export class JobMarket {
  readonly #env: AtomicEnv;
  #held: { snapshot: MarketSnapshot; view: MarketView } | null = null;
  #known = false;
  #reads = false;

  constructor(env: AtomicEnv) {
    this.#env = env;
  }

  take(parcel: MarketParcel): void {
    this.#hold(unpackMarket(parcel));
    this.#known = true;
  }

  /**
   * Reads it for a run that has something to decide. Only that waits for it: a job can be read, cancelled and out of time
   * whatever state the stores are in. `done`: with what was thrown; null: it is known.
   */
  readFor(
    { job, waitsForMarket }: JobRun,
    keepAlive: (work: Promise<unknown>) => void,
    done: (error: unknown) => void,
  ): void {
    if (!waitsForMarket || this.#reads) return;
    this.#reads = true;
    const read = marketSnapshot(this.#env, job.request.examples ? job.tenant : null, keepAlive).then(
      (snapshot) => {
        this.#hold(snapshot);
        this.#known = true;
        return null;
      },
      (error: unknown) => error ?? new Error("The market could not be read."),
    );
    keepAlive(
      read.then((error) => {
        this.#reads = false;
        done(error);
      }),
    );
  }

  /** It is on its way. */
  get reads(): boolean {
    return this.#reads;
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
