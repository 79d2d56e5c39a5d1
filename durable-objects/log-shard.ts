import { DurableObject } from "cloudflare:workers";
import { type FeedbackGiven, giveFeedback } from "../src/engine/feedback.ts";
import { reconcileCost } from "../src/engine/reconcile.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Refusal } from "../src/error.ts";
import type { JobEvent, LoggedEvent } from "../src/job/job-event.ts";
import { commonVersion, isStoredAsRead, readEvent } from "../src/job/log-version.ts";
import type { Seal } from "../src/job/seal.ts";
import { settlementMessages } from "../src/job/settlement-messages.ts";
import type { Usage } from "../src/money/price.ts";
import { complaint } from "./complaint.ts";
import { EndedRun } from "./ended-run.ts";
import { leaseMs } from "./lease.ts";
import { lineOf } from "./log-page.ts";
import { mayNotErase } from "./may-not-erase.ts";
import { sealOf } from "./seal-log.ts";
import { type ShardRow, ShardRows } from "./shard-rows.ts";
import { TenantLink } from "./tenant-link.ts";
import { retentionMs } from "./tombstone.ts";
import { traceJob } from "./trace-job.ts";

/** What a Worker hands over of a job it ran: all of its log, an event a line. */
export type EndedLog = Omit<ShardRow, "version">;

/** So long a log waits for others to be written with, ms. */
const lingerMs = 50;
/** Logs that are written in one commit, owed jobs that are taken up again at a time, and logs that are deleted at a time. */
const atATime = 100;

/**
 * The home of the logs of the fast lane: many jobs' in one object, each whole in one row, written when the job has
 * ended. From then on it is as durable as any: its tenant and the market are told of it until they have taken it.
 */
export class LogShardObject extends DurableObject<AtomicEnv> {
  readonly #rows: ShardRows;
  readonly #tenant: TenantLink;
  /** Jobs that somebody is being told of. */
  readonly #open = new Map<string, EndedRun>();
  #held: { log: EndedLog; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #alarmAtMs: number | null = null;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#rows = new ShardRows(ctx.storage);
    this.#tenant = new TenantLink(env);
  }

  /** Takes an ended job's log; it is on disk when this resolves. A repeat changes nothing. */
  take(log: EndedLog): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.push({ log, resolve, reject });
      if (this.#held.length >= atATime) this.#commit();
      else this.#timer ??= setTimeout(() => this.#commit(), lingerMs);
    });
  }

  /** Logs that came close together are one commit. Nobody waits for it: their answers are out. */
  #commit(): void {
    const held = this.#held;
    this.#held = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      this.#wakeBy(Date.now() + leaseMs);
      const fresh = held.filter(({ log }) => this.#rows.put(log));
      for (const { log } of fresh) this.#tell({ ...log, version: commonVersion });
      for (const { resolve } of held) resolve();
    } catch (error) {
      for (const { reject } of held) reject(error);
    }
  }

  /** A job's log, an event a line; null: it is not here, or not this tenant's. */
  async log(tenant: string, key: string): Promise<string | null> {
    const row = this.#rowOf(tenant, key);
    if (row === null) return null;
    return isStoredAsRead(row.version) ? row.lines : eventsOf(row).map(lineOf).join("");
  }

  async feedback(tenant: string, key: string, feedback: FeedbackGiven): Promise<Refusal | null> {
    return this.#write(tenant, key, (run) => giveFeedback(run, feedback, Date.now()));
  }

  async reconcile(tenant: string, key: string, attempt: string, usage: Usage): Promise<Refusal | null> {
    return this.#write(tenant, key, (run) => reconcileCost(run, attempt, usage));
  }

  /** Deletes a job's log before its time. null: it is not here any more. */
  async erase(tenant: string, key: string): Promise<Refusal | null> {
    const row = this.#rowOf(tenant, key);
    if (row === null) return null;
    const run = this.#run(row);
    if (run.owed) return mayNotErase(run.job);
    this.#rows.erase(key);
    return null;
  }

  /** Takes up what is owed since before this process, and deletes what is too old. Never throws. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    try {
      const keptMs = retentionMs(this.env.ATOMIC_RETENTION_DAYS);
      const more = this.#rows.forget(Date.now() - keptMs, atATime);
      const owed = this.#rows.owed(atATime);
      for (const key of owed) {
        if (this.#open.has(key)) continue;
        const row = this.#rows.get(key);
        if (row !== null) this.#tell(row);
      }
      const oldestMs = this.#rows.oldestMs;
      if (more) this.#wakeBy(Date.now() + 1_000);
      else if (owed.length > 0) this.#wakeBy(Date.now() + leaseMs);
      else if (oldestMs !== null) this.#wakeBy(Math.max(oldestMs + keptMs, Date.now()) + leaseMs);
    } catch (error) {
      console.error(complaint("alarm-failed", this.ctx.id.toString(), error));
      this.#wakeBy(Date.now() + leaseMs);
    }
  }

  /** Tells whoever is to be told of a job. One that cannot be read, newer code's for example, holds up no other. */
  #tell(row: ShardRow): void {
    try {
      this.#run(row).turn();
    } catch (error) {
      console.error(complaint("log-not-read", this.ctx.id.toString(), error));
    }
  }

  #write(tenant: string, key: string, write: (run: EndedRun) => Refusal | null): Refusal | null {
    const row = this.#rowOf(tenant, key);
    if (row === null) return { code: "not-found", message: "There is no such job." };
    const run = this.#run(row);
    const refusal = write(run);
    if (refusal !== null) return refusal;
    this.#wakeBy(Date.now() + leaseMs);
    run.turn();
    return null;
  }

  #rowOf(tenant: string, key: string): ShardRow | null {
    const row = this.#rows.get(key);
    return row?.tenant === tenant ? row : null;
  }

  #seal(key: string): Seal | null {
    const row = this.#rows.get(key);
    return row === null ? null : sealOf([row.lines], eventsOf(row).length);
  }

  /** One run a job: two would tell of it twice, and number their events alike. */
  #run(row: ShardRow): EndedRun {
    const { key } = row;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const run = new EndedRun(
      eventsOf(row),
      {
        nowMs: () => Date.now(),
        after: (ms, then) => {
          const timer = setTimeout(then, ms);
          return () => clearTimeout(timer);
        },
        settle: async (job, settlements) => {
          const seal = job.sent.has(job.id) ? null : this.#seal(key);
          await this.#tenant.settle(job, settlementMessages(job, settlements, seal));
          if (!job.sent.has(job.id)) this.ctx.waitUntil(this.#trace(key));
        },
      },
      (events, owed) => {
        // What is in memory is more than what is on disk when this throws.
        this.#open.delete(key);
        this.#rows.append(key, events.map(lineOf).join(""), owed);
        if (owed) this.#open.set(key, run);
      },
    );
    if (run.owed) this.#open.set(key, run);
    return run;
  }

  async #trace(key: string): Promise<void> {
    const row = this.#rows.get(key);
    if (row === null) return;
    await traceJob(this.env, this.ctx.id.toString(), () => eventsOf(row));
  }

  /** The alarm stands no later than this. */
  #wakeBy(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}

/** Throws UnreadableLog when newer code wrote it. */
function eventsOf({ lines, version }: ShardRow): LoggedEvent[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { seq, atMs, ...event } = JSON.parse(line) as LoggedEvent;
      return { ...readEvent(event as JobEvent, version), seq, atMs };
    });
}
