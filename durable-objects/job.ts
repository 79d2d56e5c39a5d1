import { DurableObject } from "cloudflare:workers";
import { giveApproval } from "../src/engine/approval.ts";
import { giveFeedback } from "../src/engine/feedback.ts";
import type { EnginePorts } from "../src/engine/ports.ts";
import { reconcileCost } from "../src/engine/reconcile.ts";
import { isReusable } from "../src/engine/reusable.ts";
import { JobRun } from "../src/engine/run-job.ts";
import type { AtomicEnv } from "../src/env.ts";
import { AtomicError, type Refusal } from "../src/error.ts";
import type { Feedback } from "../src/http/ports.ts";
import { type Explanation, explain } from "../src/job/explain.ts";
import type { Job } from "../src/job/job.ts";
import type { LoggedEvent } from "../src/job/job-event.ts";
import { type JobSummary, summaryOf } from "../src/job/job-summary.ts";
import { type JobView, viewOf } from "../src/job/job-view.ts";
import { ledgerOf } from "../src/job/ledger.ts";
import { UnreadableLog } from "../src/job/log-version.ts";
import { settlementMessages } from "../src/job/settlement-messages.ts";
import type { LedgerEntry } from "../src/money/ledger.ts";
import type { Usage } from "../src/money/price.ts";
import { Beginning } from "./beginning.ts";
import { complaint } from "./complaint.ts";
import { loadLanguageDetector, needsDetector } from "./detect-language.ts";
import { effectsOf } from "./effects.ts";
import { EndWaiters } from "./end-waiters.ts";
import { EventStreams } from "./event-stream.ts";
import { JobLog } from "./job-log.ts";
import { JobMarket } from "./job-market.ts";
import { Lease, leaseMs } from "./lease.ts";
import { mayNotErase } from "./may-not-erase.ts";
import { type Created, firstEvent, type NewJob } from "./new-job.ts";
import { postWebhook } from "./post-webhook.ts";
import { RunningNotice } from "./running-notice.ts";
import { TenantLink } from "./tenant-link.ts";
import { keptUntilMs, Tombstone, tombstoneMs } from "./tombstone.ts";
import { traceJob } from "./trace-job.ts";

/** An object that newer code wrote to looks again this often whether its code has come back, ms. */
const parkedMs = 5 * 60_000;
/** After the log refused a write, the engine failed or the market could not be read, ms. */
const brokenMs = 5_000;
/** A job without money of its own that a caller waits for is told of in lists when it runs longer, ms. */
const awaitedMs = 500;
/** Who waits for a job's end has it this long before the rest of its work is done, ms. */
const answerFirstMs = 5;

/** There is no log here, for this tenant at least. It names no field, by which the Worker tells it from other refusals. */
const noJob: Refusal = { code: "not-found", message: "There is no such job." };

/** A job's home: a thin shell around the engine's loop. It can be killed at any instant; the log is the job. */
export class JobObject extends DurableObject<AtomicEnv> {
  readonly #log: JobLog;
  readonly #lease: Lease;
  readonly #tombstone: Tombstone;
  readonly #streams = new EventStreams();
  readonly #ends = new EndWaiters();
  #unpublished: LoggedEvent[] = [];
  readonly #tenant: TenantLink;
  readonly #notice: RunningNotice;
  #run: JobRun | null = null;
  readonly #beginning: Beginning;
  readonly #market: JobMarket;
  #waking: Promise<JobRun | null> | null = null;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#log = new JobLog(ctx.storage);
    this.#lease = new Lease(ctx.storage);
    this.#tombstone = new Tombstone(ctx.storage.sql);
    this.#beginning = new Beginning(this.#log, this.#tombstone);
    this.#tenant = new TenantLink(env);
    const keepAlive = (work: Promise<unknown>) => ctx.waitUntil(work);
    this.#notice = new RunningNotice(this.#tenant, keepAlive);
    this.#market = new JobMarket(env, keepAlive);
  }

  /**
   * Acknowledges a job: its first event is on disk when this resolves. A repeat of the same job changes nothing.
   * `waitMs` above 0: resolves with the view when the job has ended within it; rejects when the object starts anew.
   */
  async create(job: NewJob, waitMs = 0): Promise<Created> {
    const made = await this.#make(job, waitMs > 0);
    if (waitMs === 0 || (made !== "made" && made !== "repeated")) return { made, view: null };
    const view = await this.ended(job.tenant, waitMs);
    return { made, view: view === "running" ? null : view };
  }

  /** Opens its storage for a job that is still to come. Writes nothing: an object without one leaves nothing behind. */
  warm(): void {
    void this.#log.isEmpty;
  }

  /** Is this the job that a request of that hash made? */
  holds(tenant: string, bodyHash: string): boolean {
    const { first } = this.#log;
    return first !== null && first.tenant === tenant && first.bodyHash === bodyHash;
  }

  /** May its answer be given for a request of that hash? none: no job is here, also after `waitMs`, if it may be on its way. */
  async reusable(tenant: string, bodyHash: string, waitMs: number): Promise<"reusable" | "spent" | "none"> {
    if (await this.#beginning.isMissing(waitMs)) return "none";
    const run = await this.#ofTenant(tenant);
    return run !== null && this.holds(tenant, bodyHash) && isReusable(run.job, Date.now()) ? "reusable" : "spent";
  }

  /** Who was to make the job was refused: nobody waits for it any more. */
  async unmade(): Promise<void> {
    this.#beginning.unmade();
  }

  async #make(job: NewJob, awaited: boolean): Promise<Created["made"]> {
    let made: Created["made"] | JobRun;
    try {
      made = await this.#accept(job);
    } catch (error) {
      if (job.readsNone !== true) throw error;
      // Said, not thrown: a call that breaks may have made the job, and then its slice of money is not to be given back.
      this.#complain("job-not-made", error);
      return "none";
    }
    if (!(made instanceof JobRun)) return made;
    const run = made;
    this.#beginning.made();
    // Most jobs that somebody waits for are over before anybody could miss them in a list.
    if (awaited && job.slice === undefined) this.#notice.giveLater(run, () => run === this.#run, awaitedMs);
    else this.#notice.give(run);
    return "made";
  }

  /** The run of a new job, or why there is none. What it throws, it throws before the first event is written. */
  async #accept(job: NewJob): Promise<Exclude<Created["made"], "made"> | JobRun> {
    if (needsDetector(job.request)) await loadLanguageDetector();
    const first = this.#log.first;
    if (first !== null) return first.bodyHash === job.bodyHash ? "repeated" : "other-request";
    // Its tenant still knows that id as settled: a second job under it would be refused money or cost nothing.
    if (job.bodyHash !== undefined && this.#tombstone.read() !== null) return "gone";
    this.#market.take(job.market);
    const run = this.#open([]);
    this.#lease.hold();
    run.accept(firstEvent(job));
    return run;
  }

  async view(tenant: string): Promise<JobView | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : viewOf(run.job);
  }

  /** The view as soon as the job has ended; "running" after `waitMs`. null: not this tenant's job. */
  async ended(tenant: string, waitMs: number): Promise<JobView | "running" | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return null;
    if (run.job.status === "running") await this.#ends.wait(waitMs);
    // The caller comes back to the run that goes on from the log.
    if (run.stopped) throw new Error("The job's object starts anew.");
    return run.job.status === "running" ? "running" : viewOf(run.job);
  }

  async explain(tenant: string): Promise<Explanation | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : explain(run.job);
  }

  /**
   * NDJSON of the events after `after`: replay, then tail; closes when the job is over, or after 60 s in which it only
   * waited. null: not this tenant's job.
   */
  async events(tenant: string, after: number): Promise<ReadableStream<Uint8Array> | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return null;
    const stream = this.#streams.subscribe(
      {
        page: (from, maxChars) => this.#log.page(from, maxChars),
        // Of this run: when it breaks, its readers come back to the next one.
        state: () => (run.over || run.stopped ? "over" : run.idleUntilMs === "now" ? "live" : "waiting"),
      },
      after,
    );
    if (stream === null) throw new AtomicError("rate-limited", "The job has too many readers. Try again later.");
    return stream;
  }

  async cancel(tenant: string, by: "client" | "disconnect"): Promise<{ status: Job["status"] } | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return null;
    run.cancel(by);
    this.#mustStand(run);
    return { status: run.job.status };
  }

  async ledger(tenant: string): Promise<LedgerEntry[] | null> {
    const run = await this.#ofTenant(tenant);
    return run === null ? null : ledgerOf(run.job);
  }

  /** A person's word on a microtask that waits for it, once; null: taken. */
  async approve(tenant: string, microtask: string, approved: boolean, note: string): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return noJob;
    const refusal = giveApproval(run, microtask, approved, note);
    if (refusal === null) this.#mustStand(run);
    return refusal;
  }

  /** The provider's record of an ended attempt, once; null: taken. */
  async reconcile(tenant: string, attempt: string, usage: Usage): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return noJob;
    const refusal = reconcileCost(run, attempt, usage);
    if (refusal !== null) return refusal;
    this.#mustStand(run);
    run.turn();
    return null;
  }

  /** What is known of a job without its content: also when its log was deleted. null: not this tenant's job. */
  async summary(tenant: string): Promise<JobSummary | null> {
    const run = await this.#ofTenant(tenant);
    const summary = run === null ? this.#tombstone.read() : summaryOf(run.job);
    return summary?.tenant === tenant ? summary : null;
  }

  /** Deletes an ended job's log before its time; its summary stays. null: nothing is left of it. */
  async erase(tenant: string): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return this.#tombstone.read()?.tenant === tenant ? null : noJob;
    if (!run.finished && !run.onlyRepeats) return mayNotErase(run.job);
    // Else a message that comes up again would be written to a log that is gone.
    run.stop();
    this.#bury(run.job);
    return null;
  }

  /** What a person says of an ended job's microtask; null: taken. It counts once a microtask. */
  async feedback(tenant: string, feedback: Feedback): Promise<Refusal | null> {
    const run = await this.#ofTenant(tenant);
    if (run === null) return noJob;
    const refusal = giveFeedback(run, feedback, Date.now());
    if (refusal !== null) return refusal;
    // What was not written down has nothing to keep the object awake for.
    this.#mustStand(run);
    this.#lease.hold();
    run.turn();
    this.#mustStand(run);
    return null;
  }

  /**
   * The lease ran out: this object died, or a job that waited is due, or its retention ended. The log says how to go
   * on. Never throws, and leaves an alarm behind while there is anything left to do.
   */
  override async alarm(): Promise<void> {
    this.#lease.fired();
    try {
      const run = await this.#wake();
      // No log: what is left is a tombstone whose time has come.
      if (run === null) return this.#tombstone.read() === null ? undefined : await this.ctx.storage.deleteAll();
      if (run.finished) return this.#retain(run.job);
      if (run.waitsForMarket) this.#readMarket(run.job);
      run.turn();
      if (!run.stopped) this.#tend();
    } catch (error) {
      this.#complain("alarm-failed", error);
      this.#lease.rest(Date.now() + (error instanceof UnreadableLog ? parkedMs : leaseMs));
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
    const log = this.#log.read();
    const first = log[0];
    if (first?.type !== "job-accepted") throw new Error("The log does not begin with its job.");
    if (needsDetector(first.request)) await loadLanguageDetector();
    if (this.#run !== null) return this.#run;
    const run = this.#open(log);
    if (run.waitsForMarket) this.#readMarket(run.job);
    run.resume();
    if (!run.stopped) this.#tend();
    if (run.job.status === "running") this.#notice.give(run);
    return run;
  }

  #readMarket(job: Job): void {
    this.#market.read(job, (error) => {
      if (error !== null) this.#complain("market-unread", error);
      if (this.#market.known) this.#run?.turn();
      this.#tend();
    });
  }

  #open(log: LoggedEvent[]): JobRun {
    const run = new JobRun(log, this.#ports());
    this.#run = run;
    return run;
  }

  #ports(): EnginePorts {
    return {
      ...effectsOf(this.env, () => this.#market.endpoints),
      append: (events, epoch) => this.#log.append(events, epoch),
      market: () => this.#market.view,
      marketKnown: () => this.#market.known,
      marketFresh: () => {
        if (!this.#market.fresh && this.#run !== null) this.#readMarket(this.#run.job);
        return this.#market.fresh;
      },
      settle: async (job, settlements) => {
        // The answer leaves first: what follows would hold the thread that writes it.
        if (this.#ends.waiting) await scheduler.wait(answerFirstMs);
        const seal = job.sent.has(job.id) ? null : this.#log.seal();
        await this.#tenant.settle(job, settlementMessages(job, settlements, seal));
        if (!job.sent.has(job.id))
          this.ctx.waitUntil(traceJob(this.env, this.ctx.id.toString(), () => this.#log.read()));
      },
      lease: (job, leastNano, wantNano, waitMs) => this.#tenant.lease(job, leastNano, wantNano, waitMs),
      deliver: (job, id, body) => postWebhook(this.env, job, id, body),
      broken: (error) => {
        this.#complain("job-stopped", error);
        // The next request or alarm opens the log anew.
        this.#run = null;
        this.#streams.settle();
        this.#ends.wake();
        this.#lease.rest(Date.now() + (error instanceof UnreadableLog ? parkedMs : brokenMs));
      },
      watched: () => this.#streams.size > 0,
      committed: (events) => {
        // What one turn writes is one commit, and one message to each reader.
        if (this.#unpublished.length === 0) queueMicrotask(() => this.#publish());
        this.#unpublished.push(...events);
      },
    };
  }

  #publish(): void {
    const events = this.#unpublished;
    this.#unpublished = [];
    this.#streams.publish(events);
    if (events.some((event) => event.type === "job-ended")) {
      this.#ends.wake();
      this.#notice.spare();
    }
    this.#tend();
  }

  /** Puts the alarm where it belongs: ahead of live work, at what a waiting job waits for, at an ended one's retention. */
  #tend(): void {
    const run = this.#run;
    if (run === null) return;
    if (run.finished) {
      this.#streams.settle();
      return this.#lease.rest(keptUntilMs(run.job, this.env.ATOMIC_RETENTION_DAYS));
    }
    // Deliveries may go on for days; nobody who reads the log waits for them.
    if (run.over) this.#streams.settle();
    const untilMs = run.idleUntilMs;
    if (untilMs === "now" || this.#market.reads) return this.#lease.hold();
    const atMs = untilMs ?? Date.now() + parkedMs;
    this.#lease.rest(run.waitsForMarket ? Math.min(atMs, Date.now() + brokenMs) : atMs);
  }

  /** An ended and settled job: its log is kept for its time, then deleted, and its summary is left. */
  #retain(job: Job): void {
    const untilMs = keptUntilMs(job, this.env.ATOMIC_RETENTION_DAYS);
    if (Date.now() < untilMs) return this.#lease.rest(untilMs);
    this.#bury(job);
  }

  #bury(job: Job): void {
    // Its name is never free: a second job under it would have the id of one that has settled.
    this.#log.replaceBy(() => this.#tombstone.write(summaryOf(job)));
    this.#run = null;
    this.#streams.settle();
    this.#lease.rest(keptUntilMs(job, this.env.ATOMIC_RETENTION_DAYS) + tombstoneMs);
  }

  /** A caller is told that something was done only when the log has it. */
  #mustStand(run: JobRun): void {
    if (run.stopped) throw new AtomicError("internal", "This could not be written down. Try again.");
  }

  #complain(event: string, error: unknown): void {
    console.error(complaint(event, this.ctx.id.toString(), error));
  }
}
