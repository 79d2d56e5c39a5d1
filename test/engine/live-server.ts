import { mintJobId, verifyJobId } from "../../src/access/job-id.ts";
import type { EnginePorts, MarketView } from "../../src/engine/ports.ts";
import { JobRun } from "../../src/engine/run-job.ts";
import { createApp } from "../../src/http/app.ts";
import type { HttpPorts, JobHandle } from "../../src/http/ports.ts";
import { explain } from "../../src/job/explain.ts";
import type { Job } from "../../src/job/job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { summaryOf } from "../../src/job/job-summary.ts";
import { type JobView, viewOf } from "../../src/job/job-view.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { emptyMarket } from "../../src/market/market.ts";
import type { ConfiguredBidder } from "../../src/models/endpoint.ts";
import { createModelPort } from "../../src/models/model-ports.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { Fleet } from "../../src/race/fleet.ts";
import type { Timeouts } from "../../src/race/model-port.ts";
import { Slots } from "../../src/race/slots.ts";
import { testServer } from "../http/memory-ports.ts";
import { serveOnLoopback } from "../http/node-server.ts";

const encoder = new TextEncoder();
const line = (event: LoggedEvent): Uint8Array => encoder.encode(`${JSON.stringify(event)}\n`);

/** One job that really runs in this process; its log is in memory. */
export class LiveJob {
  readonly log: LoggedEvent[] = [];
  readonly defects: unknown[] = [];
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #ports: EnginePorts;
  run: JobRun;

  constructor(endpoints: ConfiguredBidder[], timeouts: Timeouts, fleet: Fleet) {
    const view: MarketView = {
      state: emptyMarket(),
      bidders: endpoints.map(({ bidder }): Bidder => bidder),
      pacing: { lambda: 1, muUsdPerSecond: 0.0001 },
      examples: () => [],
    };
    this.#ports = {
      append: (events) => void this.log.push(...events),
      nowMs: () => Date.now(),
      after: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
      newAbort: () => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
      },
      models: createModelPort({}, endpoints, {
        onHeadroom: (bidder, { requests, tokens }) => fleet.stated(bidder, requests, tokens),
      }),
      slots: new Slots(() => Date.now()),
      fleet,
      timeouts,
      lease: async (_job, _least, totalNano) => ({ totalNano, shortage: null, uncapped: true }),
      deliver: async () => ({ ok: true, status: 204 }),
      market: () => view,
      settle: async () => {},
      nonce: () => crypto.randomUUID().replaceAll("-", ""),
      detectLanguage: () => null,
      broken: (error) => void this.defects.push(error),
      watched: () => this.#streams.size > 0,
      committed: (events) => {
        for (const stream of this.#streams) for (const event of events) stream.enqueue(line(event));
        queueMicrotask(() => this.#rest());
      },
    };
    this.run = new JobRun([], this.#ports);
  }

  get job(): Job {
    return this.run.job;
  }

  /** Accepts the job with the first seed that gives this bidder the lead. */
  accept(id: string, tenant: string, request: JobRequest, leader: string): void {
    for (let seed = 1; seed < 500; seed++) {
      this.log.length = 0;
      this.run = new JobRun([], this.#ports);
      this.run.accept({ type: "job-accepted", job: id, tenant, request, seed, via: "http" });
      const [first] = this.job.microtasks[0]?.decisions[0]?.award ?? [];
      if (first?.bidder === leader && first.role === "leader") return;
      this.run.stop();
    }
    throw new Error(`no seed lets ${leader} lead`);
  }

  events(after: number): ReadableStream<Uint8Array> {
    let mine: ReadableStreamDefaultController<Uint8Array> | null = null;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        for (const event of this.log.slice(after)) controller.enqueue(line(event));
        if (this.run.finished) controller.close();
        else this.#streams.add(controller);
      },
      cancel: () => {
        if (mine !== null) this.#streams.delete(mine);
      },
    });
  }

  async ended(waitMs: number): Promise<JobView | null> {
    for (const untilMs = Date.now() + waitMs; this.job.status === "running" && Date.now() < untilMs; )
      await new Promise((resolve) => setTimeout(resolve, 2));
    return this.job.status === "running" ? null : viewOf(this.job);
  }

  #rest(): void {
    if (!this.run.accepted || !this.run.finished) return;
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }
}

/** The real app, engine and model port between real sockets: a client on one side, a scripted provider on the other. */
export async function startLiveServer(endpoints: ConfiguredBidder[], timeouts: Timeouts, leader: string) {
  const jobs = new Map<string, LiveJob>();
  let last: LiveJob | null = null;
  const base = testServer({ bidders: endpoints.map(({ bidder }) => bidder) });
  const handle = (job: LiveJob): JobHandle => ({
    view: async () => viewOf(job.job),
    ended: (waitMs) => job.ended(waitMs),
    summary: async () => summaryOf(job.job),
    events: async (after) => job.events(after),
    explain: async () => explain(job.job),
    erase: async () => null,
    cancel: async (by) => {
      job.run.cancel(by);
      return { status: job.job.status };
    },
    feedback: async () => null,
    ledger: async () => ledgerOf(job.job),
    reconcile: async () => null,
    approve: async () => null,
  });
  const ports: HttpPorts = {
    ...base.ports,
    jobs: {
      ...base.ports.jobs,
      async create(caller, request) {
        const objectId = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
        const id = await mintJobId("secret", caller.tenant, objectId);
        const job = new LiveJob(endpoints, timeouts, new Fleet(() => Date.now()));
        last = job;
        jobs.set(objectId, job);
        job.accept(id, caller.tenant, request, leader);
        return { id, repeated: false, view: null };
      },
      async open(caller, id) {
        const objectId = await verifyJobId({ current: "secret", previous: null }, caller.tenant, id);
        const job = objectId === null ? undefined : jobs.get(objectId);
        return job === undefined ? null : handle(job);
      },
    },
  };
  const app = createApp(ports);
  const { url, close } = await serveOnLoopback((request) => app.fetch(request));
  return { url, close, last: (): LiveJob => last ?? fail() };
}

function fail(): never {
  throw new Error("no job was made");
}
