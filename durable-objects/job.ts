import { DurableObject } from "cloudflare:workers";
import type { EnginePorts, MarketView } from "../src/engine/ports.ts";
import { reconcileCost } from "../src/engine/reconcile.ts";
import { JobRun } from "../src/engine/run-job.ts";
import { feedbackSettlement } from "../src/engine/settle.ts";
import {
  emptySnapshot,
  type MarketSnapshot,
  marketSnapshot,
  viewOf as marketView,
} from "../src/entry/market-snapshot.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Refusal } from "../src/error.ts";
import type { Feedback } from "../src/http/ports.ts";
import { type Explanation, explain } from "../src/job/explain.ts";
import type { Job } from "../src/job/job.ts";
import type { LoggedEvent } from "../src/job/job-event.ts";
import { examplesOf, summaryOf } from "../src/job/job-summary.ts";
import { type JobView, viewOf } from "../src/job/job-view.ts";
import { ledgerOf } from "../src/job/ledger.ts";
import type { LedgerEntry } from "../src/money/ledger.ts";
import type { OpeningSlice } from "../src/money/money-event.ts";
import type { Usage } from "../src/money/price.ts";
import type { JobRequest } from "../src/plan/job-request.ts";
import { loadLanguageDetector } from "./detect-language.ts";
import { effectsOf } from "./effects.ts";
import { EventStreams } from "./event-stream.ts";
import { JobLog } from "./job-log.ts";
import { TenantLink } from "./tenant-link.ts";

/** An unfinished job's object is woken by its alarm this long after it was last seen alive, ms. */
const leaseMs = 30_000;
const renewMs = 10_000;

export interface NewJob {
  id: string;
  tenant: string;
  request: JobRequest;
  seed: number;
  via: "http" | "email" | "queue" | "cron";
  /** Of a job that has a name: see `job-accepted`. */
  bodyHash?: string;
  /** The Worker's snapshot of the market, so that no other hop lies before the first provider call. */
  market: MarketSnapshot;
  /** Of a tenant with a cap: what the job may spend before it asks for more. */
  slice?: OpeningSlice;
}

/** A job's home: a thin shell around the engine's loop. It can be killed at any instant; the log is the job. */
export class JobObject extends DurableObject<AtomicEnv> {
  readonly #log: JobLog;
  readonly #streams = new EventStreams();
  readonly #tenant: TenantLink;
  #run: JobRun | null = null;
  #market: MarketSnapshot;
  #view: MarketView;
  #waking: Promise<JobRun | null> | null = null;
  #renew: ReturnType<typeof setInterval> | null = null;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#log = new JobLog(ctx.storage.sql);
    this.#tenant = new TenantLink(env);
    this.#market = emptySnapshot(env);
    this.#view = marketView(this.#market);
  }

  /** Acknowledges a job: its first event is on disk when this resolves. A repeat of the same job changes nothing. */
  async create(job: NewJob): Promise<"made" | "repeated" | "other-request"> {
    await prepareCriteria(job.request);
    const first = this.#log.read(0, 1)[0];
    if (first?.type === "job-accepted") return first.bodyHash === job.bodyHash ? "repeated" : "other-request";
    this.#trade(job.market);
    const run = this.#open([]);
    const { id, tenant, request, seed, via, bodyHash, slice } = job;
    const named = bodyHash === undefined ? {} : { bodyHash };
    const capped = slice === undefined ? {} : { slice };
    this.#hold();
    run.accept({ type: "job-accepted", job: id, tenant, request, seed, via, ...named, ...capped });
    this.#tell(run);
    return "made";
  }

  async view(tenant: string): Promise<JobView | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : viewOf(run.job);
  }

  async explain(tenant: string): Promise<Explanation | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : explain(run.job);
  }

  /** NDJSON of the events after `after`; closes when the job is over. null: not this tenant's job. */
  async events(tenant: string, after: number): Promise<ReadableStream<Uint8Array> | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return null;
    return this.#streams.subscribe(
      (from) => this.#log.read(from),
      after,
      () => run.finished,
    );
  }

  async cancel(tenant: string, by: "client" | "disconnect"): Promise<{ status: Job["status"] } | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return null;
    run.cancel(by);
    return { status: run.job.status };
  }

  async ledger(tenant: string): Promise<LedgerEntry[] | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : ledgerOf(run.job);
  }

  /** The provider's record of an ended attempt, once; null: taken. */
  async reconcile(tenant: string, attempt: string, usage: Usage): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return { code: "not-found", message: "There is no such job." };
    const refusal = reconcileCost(run, attempt, usage);
    if (refusal !== null) return refusal;
    this.#hold();
    run.turn();
    return null;
  }

  /** What a person says of an ended job's microtask; null: taken. It counts once a microtask. */
  async feedback(tenant: string, feedback: Feedback): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return { code: "not-found", message: "There is no such job." };
    const { job } = run;
    const only = job.microtasks.length === 1 ? job.microtasks[0]?.task.id : undefined;
    const microtask = job.microtasks.find((m) => m.task.id === (feedback.microtask ?? only));
    if (microtask === undefined) {
      const message = `Name one of the job's microtasks: ${job.microtasks.map((m) => m.task.id).join(", ")}.`;
      return { code: "invalid-request", field: "microtask", message };
    }
    if (job.status === "running")
      return { code: "conflict", message: "The job still runs; give feedback when it has ended." };
    if (job.feedbackOn.includes(microtask.task.id))
      return {
        code: "conflict",
        field: "microtask",
        message: "This microtask has its feedback already; it counts once.",
      };
    const number = job.feedbackOn.length + 1;
    const settlement = feedbackSettlement(job, microtask, feedback, number, Date.now());
    if (settlement === null)
      return {
        code: "invalid-request",
        field: "label",
        message: "No finished attempt is there for this feedback to be about.",
      };
    this.#hold();
    run.record(
      {
        type: "feedback-given",
        microtask: microtask.task.id,
        attempt: microtask.joined?.attempt ?? null,
        label: feedback.label ?? null,
        good: feedback.good ?? null,
        number,
      },
      { type: "settlement-prepared", settlements: [settlement] },
    );
    run.turn();
    return null;
  }

  /** The lease ran out: this object died, or sleeps with work open. The log says how to go on. Never throws. */
  override async alarm(): Promise<void> {
    try {
      const run = await this.#wake();
      if (run === null || run.finished) return;
      run.turn();
      this.#hold();
    } catch (error) {
      this.#complain("alarm-failed", error);
      await this.ctx.storage.setAlarm(Date.now() + leaseMs);
    }
  }

  async #ofTenant(tenant: string): Promise<JobRun | null> {
    const run = await this.#wake();
    return run !== null && run.job.tenant === tenant ? run : null;
  }

  /** The run of this object's job, opened from the log when this process has none. null: no job was ever created. */
  async #wake(): Promise<JobRun | null> {
    if (this.#run !== null) return this.#run;
    if (this.#log.isEmpty) return null;
    this.#waking ??= this.#reopen().finally(() => {
      this.#waking = null;
    });
    return this.#waking;
  }

  async #reopen(): Promise<JobRun> {
    const first = this.#log.read(0, 1)[0];
    if (first?.type === "job-accepted") {
      await prepareCriteria(first.request);
      const tenant = first.request.examples ? first.tenant : null;
      this.#trade(await marketSnapshot(this.env, tenant, (work) => this.ctx.waitUntil(work)));
    }
    if (this.#run !== null) return this.#run;
    const run = this.#open(this.#log.read());
    run.resume();
    if (!run.finished) this.#hold();
    if (run.job.status === "running") this.#tell(run);
    return run;
  }

  #open(log: LoggedEvent[]): JobRun {
    const run = new JobRun(log, this.#ports());
    this.#run = run;
    return run;
  }

  #trade(snapshot: MarketSnapshot): void {
    this.#market = snapshot;
    this.#view = marketView(snapshot);
  }

  #ports(): EnginePorts {
    return {
      ...effectsOf(this.env, () => this.#market.endpoints),
      append: (events) => this.#log.append(events),
      market: () => this.#view,
      settle: async (job, settlements) => {
        await Promise.all([
          this.env.SETTLEMENTS.send({ summary: summaryOf(job), settlements, examples: examplesOf(job) }),
          this.#tenant.settle(job),
        ]);
      },
      lease: (job, leastNano, wantNano, waitMs) => this.#tenant.lease(job, leastNano, wantNano, waitMs),
      broken: (error) => {
        this.#complain("job-stopped", error);
        // The next request or alarm opens the log anew.
        this.#run = null;
        this.#streams.closeAll();
      },
      committed: (events) => {
        this.#streams.publish(events);
        queueMicrotask(() => this.#rest());
      },
    };
  }

  /** The tenant's object hears of a running job beside its work; nothing waits for it. */
  #tell(run: JobRun, again = 0): void {
    if (again === 0) run.keepWhatIsNeeded();
    const told = this.#tenant.begin(run.job).catch(() => {
      if (again < 5 && !run.finished) setTimeout(() => this.#tell(run, again + 1), 1000 * 2 ** again);
    });
    this.ctx.waitUntil(told);
  }

  /** Takes the lease: the alarm fires when nobody renews it. */
  #hold(): void {
    void this.ctx.storage.setAlarm(Date.now() + leaseMs);
    this.#renew ??= setInterval(() => void this.ctx.storage.setAlarm(Date.now() + leaseMs), renewMs);
  }

  /** Gives the lease up when nothing is left to do. */
  #rest(): void {
    if (this.#run === null || !this.#run.finished) return;
    this.#streams.closeAll();
    if (this.#renew === null) return;
    clearInterval(this.#renew);
    this.#renew = null;
    void this.ctx.storage.deleteAlarm();
  }

  /** To the console, without content: what failed, and where. */
  #complain(event: string, error: unknown): void {
    const name = error instanceof Error ? `${error.name}: ${error.stack?.split("\n")[1]?.trim() ?? ""}` : "unknown";
    console.error(JSON.stringify({ event, object: this.ctx.id.toString(), error: name }));
  }
}

/** A language criterion judges while text streams, so its tables are there before the first token. */
async function prepareCriteria(request: JobRequest): Promise<void> {
  const contracts = [
    request.contract,
    ...(typeof request.plan === "object" ? request.plan.microtasks.map((m) => m.contract) : []),
  ];
  if (contracts.some((contract) => contract.criteria.some((c) => c.type === "language"))) await loadLanguageDetector();
}
