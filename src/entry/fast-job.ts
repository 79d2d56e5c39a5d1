import { loadLanguageDetector, needsDetector } from "../../durable-objects/detect-language.ts";
import { effectsOf } from "../../durable-objects/effects.ts";
import { EndWaiters } from "../../durable-objects/end-waiters.ts";
import { EventStreams } from "../../durable-objects/event-stream.ts";
import { JobMarket } from "../../durable-objects/job-market.ts";
import { lineOf } from "../../durable-objects/log-page.ts";
import { TenantLink } from "../../durable-objects/tenant-link.ts";
import type { EnginePorts } from "../engine/ports.ts";
import { JobRun } from "../engine/run-job.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import { refuseAppend } from "../job/append-rule.ts";
import type { LifeEvent, LoggedEvent } from "../job/job-event.ts";
import { type JobView, viewOf } from "../job/job-view.ts";
import type { MarketSnapshot } from "./market-snapshot.ts";

type Keep = (log: readonly LoggedEvent[]) => Promise<void>;
type KeepAlive = (work: Promise<unknown>) => void;
type Accepted = LifeEvent & { type: "job-accepted" };

/**
 * A job that runs in the Worker that took it: the engine over a log in memory, which is written down when the job has
 * ended. It dies with its Worker; its client sees that and may send it again.
 */
export class FastJob {
  readonly log: LoggedEvent[] = [];
  readonly #run: JobRun;
  readonly #streams = new EventStreams();
  readonly #ends = new EndWaiters();
  #unpublished: LoggedEvent[] = [];
  /** Its log is written down. */
  #kept = false;
  #done: () => void = () => {};
  /** Resolves when nothing is left to do for it. */
  readonly done = new Promise<void>((resolve) => {
    this.#done = resolve;
  });

  /** `keep` writes the log down; it may reject, and is called again then. */
  private constructor(env: AtomicEnv, known: MarketSnapshot, keep: Keep, keepAlive: KeepAlive) {
    const tenant = new TenantLink(env);
    const market = new JobMarket(env, keepAlive);
    market.begin(known);
    const ports: EnginePorts = {
      ...effectsOf(env, () => market.endpoints),
      append: (events, epoch) => {
        const last = this.log.at(-1);
        // The shard has it now, and writes down itself what it is still told.
        if (this.#kept) return;
        const refusal = refuseAppend(last === undefined ? null : { seq: last.seq, epoch: 1 }, events, epoch);
        if (refusal !== null) throw new Error(`The log refused an append: ${refusal}.`);
        this.log.push(...events);
      },
      market: () => market.view,
      marketFresh: () => {
        // Where the stores are away, what it knew stands for another while.
        if (!market.fresh) market.read(this.#run.job, () => this.#run.turn());
        return market.fresh;
      },
      settle: async () => {
        await keep(this.log);
        this.#kept = true;
      },
      lease: (job, leastNano, wantNano, waitMs) => tenant.lease(job, leastNano, wantNano, waitMs),
      // No door takes a webhook here.
      deliver: async () => ({ ok: false, status: null, reason: "the fast lane has none", gone: true }),
      broken: (error) => {
        const name = error instanceof Error ? error.name : "unknown";
        console.error(JSON.stringify({ event: "job-stopped", error: name }));
        this.#wake();
        this.#done();
      },
      watched: () => this.#streams.size > 0,
      committed: (events) => {
        if (this.#unpublished.length === 0) queueMicrotask(() => this.#publish());
        if (!this.#kept) this.#unpublished.push(...events);
      },
    };
    this.#run = new JobRun([], ports);
  }

  static async start(
    env: AtomicEnv,
    market: MarketSnapshot,
    event: Accepted,
    keep: Keep,
    keepAlive: KeepAlive,
  ): Promise<FastJob> {
    if (needsDetector(event.request)) await loadLanguageDetector();
    const job = new FastJob(env, market, keep, keepAlive);
    job.#run.accept(event);
    return job;
  }

  view(): JobView {
    this.#mustStand();
    return viewOf(this.#run.job);
  }

  /** The view as soon as it has ended; null: it still runs after `waitMs`. */
  async ended(waitMs: number): Promise<JobView | null> {
    if (this.#run.job.status === "running" && !this.#run.stopped) await this.#ends.wait(waitMs);
    const view = this.view();
    return view.status === "running" ? null : view;
  }

  /** NDJSON of the events after `after`, as a job's own object gives it. */
  events(after: number): ReadableStream<Uint8Array> {
    const page = (from: number) => ({
      text: this.log.slice(from).map(lineOf).join(""),
      last: Math.max(from, this.log.length),
    });
    const state = () => (this.#run.over || this.#run.stopped ? "over" : "live");
    const stream = this.#streams.subscribe({ page, state }, after);
    if (stream === null) throw new AtomicError("rate-limited", "The job has too many readers. Try again later.");
    return stream;
  }

  cancel(by: "client" | "disconnect"): { status: JobView["status"] } {
    this.#run.cancel(by);
    this.#mustStand();
    return { status: this.#run.job.status };
  }

  #publish(): void {
    const events = this.#unpublished;
    this.#unpublished = [];
    this.#streams.publish(events);
    if (events.some((event) => event.type === "job-ended")) this.#ends.wake();
    if (this.#run.over) this.#streams.settle();
    if (this.#run.finished) this.#done();
  }

  #wake(): void {
    this.#streams.settle();
    this.#ends.wake();
  }

  #mustStand(): void {
    if (this.#run.stopped) throw new AtomicError("internal", "The job broke in its Worker. Send it again.");
  }
}
