import { mintJobId, verifyJobId } from "../../src/access/job-id.ts";
import { hex, sha256Hex } from "../../src/access/mac.ts";
import { AtomicError, type Refusal } from "../../src/error.ts";
import type { Feedback, HttpPorts, JobHandle } from "../../src/http/ports.ts";
import { fold } from "../../src/job/evolve.ts";
import { explain } from "../../src/job/explain.ts";
import type { Job } from "../../src/job/job.ts";
import type { JobEvent, LoggedEvent } from "../../src/job/job-event.ts";
import { summaryOf } from "../../src/job/job-summary.ts";
import { type JobView, viewOf } from "../../src/job/job-view.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import type { Usage } from "../../src/money/price.ts";
import { newestFirst } from "../../src/money/tenant-ledger.ts";
import { canonicalRequest } from "../../src/plan/canonical-request.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { usageOf } from "../../src/store/usage-month.ts";

/** What runs a job in these tests: it writes the facts that an engine would. */
export type Script = (job: MemoryJob) => void | Promise<void>;

const encoder = new TextEncoder();

/** One job's log, with the streams that follow it. Views are the real folds. */
export class MemoryJob {
  readonly id: string;
  readonly tenant: string;
  readonly request: JobRequest;
  readonly log: LoggedEvent[] = [];
  readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  cancelled: string | null = null;
  erased = false;
  onCancel: () => void = () => {};
  feedback: Feedback[] = [];
  reconciled: { attempt: string; usage: Usage }[] = [];
  #closed = false;
  /** Calls that wait for the job's end. */
  readonly waiting = new Set<(broken: Error | null) => void>();

  constructor(id: string, tenant: string, request: JobRequest) {
    this.id = id;
    this.tenant = tenant;
    this.request = request;
  }

  get job(): Job {
    const job = fold(this.log);
    if (job === null) throw new Error("empty log");
    return job;
  }

  write(...events: JobEvent[]): void {
    for (const event of events) {
      const logged: LoggedEvent = { ...event, seq: this.log.length + 1, atMs: 1_790_000_000_000 + this.log.length };
      this.log.push(logged);
      for (const stream of this.streams) stream.enqueue(line(logged));
    }
    if (events.some((event) => event.type === "job-ended")) this.#wake(null);
  }

  /** The view when `job-ended` was written; rejects when streams are broken meanwhile; null after `waitMs`. */
  ended(waitMs: number): Promise<JobView | null> {
    if (this.job.status !== "running") return Promise.resolve(viewOf(this.job));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(null), waitMs);
      this.waiting.add((broken) => {
        clearTimeout(timer);
        if (broken === null) resolve(viewOf(this.job));
        else reject(broken);
      });
    });
  }

  #wake(broken: Error | null): void {
    for (const wake of this.waiting) wake(broken);
    this.waiting.clear();
  }

  /** A heartbeat on every open stream. */
  beat(): void {
    for (const stream of this.streams) stream.enqueue(encoder.encode("\n"));
  }

  /** Breaks every open stream, as a restarted object does. */
  breakStreams(): void {
    for (const stream of this.streams) stream.error(new Error("The object was reset."));
    this.streams.clear();
    this.#wake(new Error("The object was reset."));
  }

  /** Ended and settled: streams close, and new ones close after the replay. */
  close(): void {
    this.#closed = true;
    for (const stream of this.streams) stream.close();
    this.streams.clear();
  }

  events(after: number): ReadableStream<Uint8Array> {
    let mine: ReadableStreamDefaultController<Uint8Array> | null = null;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        for (const event of this.log.slice(after)) controller.enqueue(line(event));
        if (this.#closed) controller.close();
        else this.streams.add(controller);
      },
      cancel: () => {
        if (mine !== null) this.streams.delete(mine);
      },
    });
  }
}

const line = (event: LoggedEvent): Uint8Array => encoder.encode(`${JSON.stringify(event)}\n`);

/** Jobs in memory behind the port that the HTTP layer programs against. */
export function memoryJobs(secret: string, script: () => Script) {
  const jobs = new Map<string, MemoryJob>();
  let opened = 0;
  const port: HttpPorts["jobs"] = {
    // Nothing settles here.
    seal: async () => null,
    chainEnd: async () => null,
    async create(caller, request, via, name, waitMs = 0) {
      const objectId =
        name === undefined
          ? hex(crypto.getRandomValues(new Uint8Array(32)))
          : await sha256Hex(JSON.stringify([caller.tenant, name]));
      const id = await mintJobId(secret, caller.tenant, objectId);
      const known = jobs.get(objectId);
      if (known !== undefined) {
        if (canonicalRequest(known.request) === canonicalRequest(request)) {
          return { id, repeated: true, view: waitMs > 0 ? await endOf(known, waitMs) : null };
        }
        throw new AtomicError("idempotency-mismatch", "This key was used for another request.");
      }
      const job = new MemoryJob(id, caller.tenant, request);
      jobs.set(objectId, job);
      job.write({ type: "job-accepted", job: id, tenant: caller.tenant, request, seed: 1, via });
      queueMicrotask(() => void script()(job));
      return { id, repeated: false, view: waitMs > 0 ? await endOf(job, waitMs) : null };
    },
    async made(caller, request, name) {
      const objectId = await sha256Hex(JSON.stringify([caller.tenant, name]));
      const known = jobs.get(objectId);
      if (known === undefined || canonicalRequest(known.request) !== canonicalRequest(request)) return null;
      return mintJobId(secret, caller.tenant, objectId);
    },
    async open(caller, id) {
      const objectId = await verifyJobId({ current: secret, previous: null }, caller.tenant, id);
      if (objectId === null) return null;
      opened++;
      const job = jobs.get(objectId);
      return job === undefined || job.tenant !== caller.tenant ? null : handle(job);
    },
    async usage(caller, months) {
      const mine = [...jobs.values()].filter((j) => j.tenant === caller.tenant).map((j) => summaryOf(j.job));
      return usageOf(mine)
        .map(({ tenant: _, ...month }) => month)
        .slice(0, months);
    },
    async list(caller, { limit, after, status }) {
      const found = [...jobs.values()]
        .filter((j) => j.tenant === caller.tenant)
        .map((j) => summaryOf(j.job))
        .filter((s) => (after === null || newestFirst(after, s) < 0) && (status ?? s.status) === s.status)
        .sort(newestFirst)
        .slice(0, limit);
      return { jobs: found, next: found.length < limit ? null : (found.at(-1) ?? null) };
    },
  };
  return { port, jobs, opened: () => opened, last: () => [...jobs.values()].at(-1) };
}

/** null as well when the job's object broke meanwhile: whoever waits asks again. */
const endOf = (job: MemoryJob, waitMs: number): Promise<JobView | null> => job.ended(waitMs).catch(() => null);

function handle(job: MemoryJob): JobHandle {
  return {
    view: async () => viewOf(job.job),
    ended: (waitMs) => job.ended(waitMs),
    events: async (after) => job.events(after),
    explain: async () => explain(job.job),
    summary: async () => summaryOf(job.job),
    cancel: async (by) => {
      job.cancelled = by;
      if (job.job.status === "running")
        job.write({ type: "cancel-requested", by }, { type: "job-ended", status: "cancelled" });
      job.onCancel();
      return { status: job.job.status };
    },
    erase: async () => {
      if (job.job.status === "running") return { code: "conflict", message: "The job still runs. Cancel it." };
      job.erased = true;
      return null;
    },
    ledger: async () => ledgerOf(job.job),
    approve: async (microtask, approved, note) => {
      if (microtask === "none") return { code: "conflict", message: "It does not wait." };
      job.write({ type: "approval-given", microtask, approved, note });
      return null;
    },
    reconcile: async (attempt, usage) => {
      job.reconciled.push({ attempt, usage });
      return null;
    },
    feedback: async (feedback): Promise<Refusal | null> => {
      const known = job.job.microtasks.some((m) => m.task.id === (feedback.microtask ?? m.task.id));
      if (!known)
        return {
          code: "not-found",
          field: "microtask",
          message: "The job has no such microtask. See its view for ids.",
        };
      job.feedback.push(feedback);
      return null;
    },
  };
}
