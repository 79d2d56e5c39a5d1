import type { MarketView } from "../src/engine/ports.ts";
import { type MarketParcel, unpackMarket } from "../src/entry/market-parcel.ts";
import { emptySnapshot, type MarketSnapshot, marketSnapshot, viewOf } from "../src/entry/market-snapshot.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Job } from "../src/job/job.ts";

/** Bidders are not asked by a market that was known for longer than this, ms. */
const oldMs = 10_000;
/** Stores that do not answer for so long are away, ms. */
const longestReadMs = 5_000;

/** The market as one job sees it: what came with the job, or what it read itself later on. */
export class JobMarket {
  readonly #env: AtomicEnv;
  readonly #keepAlive: (work: Promise<unknown>) => void;
  #atMs = 0;
  #held: { snapshot: MarketSnapshot; view: MarketView } | null = null;
  #known = false;
  #reads = false;

  /** `keepAlive`: ctx.waitUntil of what the job runs in. */
  constructor(env: AtomicEnv, keepAlive: (work: Promise<unknown>) => void) {
    this.#env = env;
    this.#keepAlive = keepAlive;
  }

  take(parcel: MarketParcel): void {
    this.begin(unpackMarket(parcel));
  }

  /** What the Worker knew that took the job. */
  begin(snapshot: MarketSnapshot): void {
    this.#hold(snapshot);
    this.#known = true;
    this.#atMs = Date.now();
  }

  /** It came or was asked for within ten seconds. */
  get fresh(): boolean {
    return Date.now() - this.#atMs <= oldMs;
  }

  /**
   * Reads it for a job that has something to decide. Only that waits for it: a job can be read, cancelled and out of time
   * whatever state the stores are in. One that was known stands for another while where they are away. `done`: with what
   * was thrown; null: it was read.
   */
  read(job: Job, done: (error: unknown) => void): void {
    if (this.#reads) return;
    this.#reads = true;
    const asked = marketSnapshot(this.#env, job.request.examples ? job.tenant : null, this.#keepAlive);
    const read = within(longestReadMs, asked).then(
      (snapshot) => {
        this.#hold(snapshot);
        this.#known = true;
        return null;
      },
      (error: unknown) => error ?? new Error("The market could not be read."),
    );
    this.#keepAlive(
      read.then((error) => {
        this.#reads = false;
        this.#atMs = Date.now();
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

/** A timer left behind would keep the job's object awake, and paid for. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The stores did not answer for ${ms} ms.`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
