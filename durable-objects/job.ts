import { DurableObject } from "cloudflare:workers";
import type { EnginePorts, MarketView } from "../src/engine/ports.ts";
import { JobRun } from "../src/engine/run-job.ts";
import { feedbackSettlement } from "../src/engine/settle.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Refusal } from "../src/error.ts";
import type { Feedback } from "../src/http/ports.ts";
import { type Explanation, explain } from "../src/job/explain.ts";
import type { Job } from "../src/job/job.ts";
import { summaryOf } from "../src/job/job-summary.ts";
import { type JobView, viewOf } from "../src/job/job-view.ts";
import type { JobRequest } from "../src/plan/job-request.ts";
import { engineEffects, freshView, type MarketSnapshot, viewOfSnapshot } from "./effects.ts";
import { EventStreams } from "./event-stream.ts";
import { JobLog } from "./job-log.ts";

/** An unfinished job's object is woken by its alarm this long after it was last seen alive, ms. */
const leaseMs = 30_000;
const renewMs = 10_000;

export interface NewJob {
  id: string;
  tenant: string;
  request: JobRequest;
  seed: number;
  via: "http" | "email" | "queue" | "cron";
  /** The Worker's snapshot of the market, so that no other hop lies before the first provider call. */
  market: MarketSnapshot;
}

/** A job's home: a thin shell around the engine's loop. It can be killed at any instant; the log is the job. */
export class JobObject extends DurableObject<AtomicEnv> {
  readonly #log: JobLog;
  readonly #streams = new EventStreams();
  #run: JobRun | null = null;
  #market: MarketView | null = null;
  #waking: Promise<JobRun | null> | null = null;
  #renew: ReturnType<typeof setInterval> | null = null;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#log = new JobLog(ctx.storage.sql);
  }

  /** Acknowledges a job: its first event is on disk when this resolves. A repeat of the same job changes nothing. */
  async create(job: NewJob): Promise<void> {
    if (this.#log.read(0, 1).length > 0) return;
    this.#market = viewOfSnapshot(job.market);
    const run = this.#open([]);
    this.#hold();
    const { market: _, ...accepted } = job;
    run.accept({
      type: "job-accepted",
      job: accepted.id,
      tenant: job.tenant,
      request: job.request,
      seed: job.seed,
      via: job.via,
    });
  }

  async view(tenant: string): Promise<JobView | null> {
    const run = await this.#awake(tenant);
    return run === null ? null : viewOf(run.job);
  }

  async explain(tenant: string): Promise<Explanation | null> {
    const run = await this.#awake(tenant);
    return run === null ? null : explain(run.job);
  }

  async seq(tenant: string): Promise<number | null> {
    return (await this.#awake(tenant))?.job.seq ?? null;
  }

  /** NDJSON of events after `after`; closes when the job is over. */
  async events(tenant: string, after: number): Promise<ReadableStream<Uint8Array> | null> {
    const run = await this.#awake(tenant);
    if (run === null) return null;
    return this.#streams.subscribe(
      (from) => this.#log.read(from),
      after,
      () => run.finished,
    );
  }

  async cancel(tenant: string, by: "client" | "disconnect"): Promise<{ status: Job["status"] } | null> {
    const run = await this.#awake(tenant);
    if (run === null) return null;
    run.cancel(by);
    return { status: run.job.status };
  }

  async feedback(tenant: string, feedback: Feedback): Promise<Refusal | null> {
    const run = await this.#awake(tenant);
    if (run === null) return { code: "not-found", message: "There is no such job." };
    const { job } = run;
    const microtask =
      feedback.microtask === undefined && job.microtasks.length === 1
        ? job.microtasks[0]
        : job.microtasks.find((m) => m.task.id === feedback.microtask);
    if (microtask === undefined)
      return {
        code: "invalid-request",
        field: "microtask",
        message: `Name one of the job's microtasks: ${job.microtasks.map((m) => m.task.id).join(", ")}.`,
      };
    if (job.status === "running")
      return { code: "conflict", message: "The job is still running; give feedback when it has ended." };
    if (job.feedbackOn.includes(microtask.task.id))
      return {
        code: "conflict",
        field: "microtask",
        message: "Feedback for this microtask was given already; it counts once.",
      };
    const settlement = feedbackSettlement(job, microtask, feedback, job.feedbackOn.length + 1, Date.now());
    if (settlement === null)
      return {
        code: "invalid-request",
        field: "label",
        message: "There is no finished attempt this feedback could be about.",
      };
    this.#hold();
    run.record(
      {
        type: "feedback-given",
        microtask: microtask.task.id,
        attempt: microtask.joined?.attempt ?? null,
        label: feedback.label ?? null,
        good: feedback.good ?? null,
        number: job.feedbackOn.length + 1,
      },
      { type: "settlement-prepared", settlements: [settlement] },
    );
    run.turn();
    return null;
  }

  /** The lease ran out (the object died, or slept with work open): the log says how to go on. Never throws. */
  override async alarm(): Promise<void> {
    try {
      const run = await this.#wake();
      if (run === null || run.finished) return;
      run.turn();
      this.#hold();
    } catch (error) {
      console.error(
        JSON.stringify({
          event: "alarm-failed",
          object: this.ctx.id.toString(),
          error: error instanceof Error ? error.name : "unknown",
        }),
      );
      await this.ctx.storage.setAlarm(Date.now() + leaseMs);
    }
  }

  /** The run of this object's job when `tenant` owns it; null otherwise. */
  async #awake(tenant: string): Promise<JobRun | null> {
    const run = await this.#wake();
    return run !== null && run.job.tenant === tenant ? run : null;
  }

  async #wake(): Promise<JobRun | null> {
    if (this.#run !== null) return this.#run;
    this.#waking ??= this.#reopen().finally(() => {
      this.#waking = null;
    });
    return this.#waking;
  }

  async #reopen(): Promise<JobRun | null> {
    if (this.#log.read(0, 1).length === 0) return null;
    this.#market ??= await freshView(this.env);
    if (this.#run !== null) return this.#run;
    const run = this.#open(this.#log.read());
    run.resume();
    if (!run.finished) this.#hold();
    return run;
  }

  #open(log: ReturnType<JobLog["read"]>): JobRun {
    const run = new JobRun(log, this.#ports());
    this.#run = run;
    return run;
  }

  #ports(): EnginePorts {
    return {
      ...engineEffects(this.env),
      append: (events) => this.#log.append(events),
      market: () =>
        this.#market ??
        viewOfSnapshot({ state: null, bidders: [], pacing: { lambda: 1, muUsdPerSecond: 0 }, examples: {} }),
      settle: async (job, settlements) => {
        await this.env.SETTLEMENTS.send({ summary: summaryOf(job), settlements, examples: [] });
      },
      committed: (events) => {
        this.#streams.publish(events);
        queueMicrotask(() => this.#rest());
      },
    };
  }

  /** Takes the lease: the alarm fires when nobody renews it. */
  #hold(): void {
    void this.ctx.storage.setAlarm(Date.now() + leaseMs);
    this.#renew ??= setInterval(() => void this.ctx.storage.setAlarm(Date.now() + leaseMs), renewMs);
  }

  /** Gives the lease up when nothing is left to do. */
  #rest(): void {
    if (this.#run === null || !this.#run.finished || this.#renew === null) return;
    clearInterval(this.#renew);
    this.#renew = null;
    void this.ctx.storage.deleteAlarm();
    this.#streams.closeAll();
  }
}
