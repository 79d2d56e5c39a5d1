import type { Delivery, EnginePorts, MarketView } from "../../src/engine/ports.ts";
import { JobRun } from "../../src/engine/run-job.ts";
import { AtomicError } from "../../src/error.ts";
import { refuseAppend } from "../../src/job/append-rule.ts";
import type { Job } from "../../src/job/job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { emptyMarket } from "../../src/market/market.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { Fleet } from "../../src/race/fleet.ts";
import type { ModelCall, ModelPart, ModelPort } from "../../src/race/model-port.ts";
import { ModelFailure } from "../../src/race/model-port.ts";

/** A scripted answer of a bidder under the virtual clock: parts with the delay before each, ms. */
export type Script = { afterMs: number; part?: ModelPart; fail?: ModelFailure }[];

/** A process was killed: thrown by the log when its allowance of commits is used up. */
export class Killed extends Error {}

/**
 * Everything outside the engine, in memory and under a virtual clock: a log that survives kills, timers, scripted
 * bidders that keep their own ledger, and a settlement queue that drops repeats by key.
 */
export class World {
  nowMs = 1_000_000;
  readonly log: LoggedEvent[] = [];
  /** Of the last writer. */
  epoch = 0;
  readonly settled = new Map<string, Settlement>();
  readonly calls: { attempt: string; bidder: string; startedAtMs: number; ended: "end" | "cut" | "failed" | null }[] =
    [];
  readonly bidders: Bidder[];
  /** What the market knows; a test may hand it from one job to the next. */
  state = emptyMarket();
  /** Share of judges' verdicts that are audited. */
  auditShare = 0;
  /** Outlives a kill of the object, as an isolate does. */
  fleet = new Fleet(() => this.nowMs);
  readonly script: (call: ModelCall, world: World) => Script;
  /** Commits left before the process dies; null: it lives. */
  commitsLeft: number | null = null;
  #timers: { atMs: number; order: number; then: () => void }[] = [];
  #order = 0;
  /** Webhooks sent, and what their receiver answers. */
  readonly posts: { id: string; body: string; atMs: number }[] = [];
  receiver: (post: number) => Delivery = () => ({ ok: true, status: 204 });
  detectLanguage: EnginePorts["detectLanguage"] = () => null;
  lease: EnginePorts["lease"] = async (_job, _least, totalNano) => ({
    totalNano,
    shortage: null,
    uncapped: true,
  });
  run: JobRun | null = null;
  killed = false;
  /** Errors the engine stopped for that no test asked for. */
  readonly defects: unknown[] = [];
  onKilled: () => void = () => {};

  constructor(bidders: Bidder[], script: (call: ModelCall, world: World) => Script) {
    this.bidders = bidders;
    this.script = script;
  }

  /** The process dies before this write: nothing of it is left but the log. */
  #die(): never {
    this.killed = true;
    this.#timers = [];
    this.onKilled();
    throw new Killed("killed before a write");
  }

  sleepers(): JobRun[] {
    return this.run === null ? [] : [this.run];
  }

  boot(): JobRun {
    this.killed = false;
    this.run?.stop();
    this.#timers = [];
    const run = new JobRun(this.log, this.ports());
    this.run = run;
    if (run.accepted) run.resume();
    return run;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Runs the next timer, or the alarm of a job that waits with nothing live; false: there is neither. */
  step(): boolean {
    this.#timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    const first = this.#timers[0];
    for (const run of this.sleepers()) {
      const dueMs = run.stopped || !run.accepted ? null : run.idleUntilMs;
      if (typeof dueMs !== "number" || (first !== undefined && first.atMs <= dueMs)) continue;
      this.nowMs = Math.max(this.nowMs, dueMs);
      run.turn();
      return true;
    }
    const next = this.#timers.shift();
    if (next === undefined) return false;
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.then();
    return true;
  }

  ports(): EnginePorts {
    const view: MarketView = {
      state: this.state,
      bidders: this.bidders,
      pacing: { lambda: 1, muUsdPerSecond: 0.0001 },
      judgeAuditShare: this.auditShare,
      examples: () => [],
    };
    return {
      append: (events, epoch) => {
        const last = this.log.at(-1);
        const refusal = refuseAppend(last === undefined ? null : { seq: last.seq, epoch: this.epoch }, events, epoch);
        if (refusal !== null) throw new Error(refusal);
        if (this.commitsLeft !== null && this.commitsLeft <= 0) this.#die();
        this.log.push(...structuredClone(events));
        this.epoch = epoch;
        if (this.commitsLeft !== null) this.commitsLeft -= 1;
      },
      nowMs: () => this.nowMs,
      after: (ms, then) => this.after(ms, then),
      newAbort: () => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
      },
      models: this.models(),
      slots: { acquire: async () => ({ release: () => {}, queuedMs: 0 }) },
      fleet: this.fleet,
      market: () => view,
      settle: async (_job: Job, settlements: Settlement[]) => {
        for (const s of settlements) if (!this.settled.has(s.key)) this.settled.set(s.key, s);
      },
      lease: (...asked) => this.lease(...asked),
      deliver: async (_job, id, body) => {
        this.posts.push({ id, body, atMs: this.nowMs });
        return this.receiver(this.posts.length);
      },
      nonce: () => "n0nceOfTheTests0123",
      detectLanguage: (text) => this.detectLanguage(text),
      broken: (error) => {
        if (!(error instanceof Killed)) this.defects.push(error);
      },
      watched: () => true,
      committed: () => {},
    };
  }

  models(): ModelPort {
    const world = this;
    return {
      async *stream(call, signal) {
        const entry: World["calls"][number] = {
          attempt: call.attempt,
          bidder: call.bidder,
          startedAtMs: world.nowMs,
          ended: null,
        };
        world.calls.push(entry);
        for (const step of world.script(call, world)) {
          const aborted = await world.pause(step.afterMs, signal);
          if (aborted) {
            entry.ended = "cut";
            return;
          }
          if (step.fail !== undefined) {
            entry.ended = "failed";
            throw step.fail;
          }
          if (step.part !== undefined) yield step.part;
        }
        entry.ended = "end";
      },
    };
  }

  /** Waits on the virtual clock; true when the signal fired first. */
  pause(
    ms: number,
    signal: { aborted: boolean; addEventListener(type: "abort", then: () => void): void },
  ): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      const off = this.after(ms, () => resolve(false));
      signal.addEventListener("abort", () => {
        off();
        resolve(true);
      });
    });
  }

  accept(request: JobRequest, seed = 7): JobRun {
    const run = this.boot();
    run.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed, via: "http" });
    return run;
  }

  /** Runs timers in order until nothing is left or the job is over. Throws when virtual hours pass without an end. */
  async settle(limitMs = 4 * 3_600_000): Promise<Job> {
    const untilMs = this.nowMs + limitMs;
    for (;;) {
      await flush();
      if (this.defects.length > 0) throw this.defects[0];
      if (this.killed) throw new Killed("killed");
      if (this.run?.finished) {
        // Each timer left behind would keep a finished job's object awake, and paid for.
        if (this.#timers.length > 0) throw new Error(`The job is over and ${this.#timers.length} timers run on.`);
        return this.run.job;
      }
      if (!this.step()) throw new AtomicError("internal", "Nothing is scheduled and the job is not over.");
      if (this.nowMs > untilMs) throw new AtomicError("internal", "The job did not end in time.");
    }
  }
}

/** Lets every promise that can settle do so. */
export const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const requestOf = (more: Partial<JobRequest> = {}): JobRequest => ({
  input: { type: "text", text: "What is the capital of France?" },
  kind: "answer",
  plan: "single",
  instruction: "",
  labels: null,
  contract: { criteria: [], judged: [] },
  valueNano: null,
  budgetNano: null,
  deadlineMs: null,
  policy: "balanced",
  strategy: "auto",
  delivery: "accepted",
  leaderChange: "restart",
  bidders: null,
  maxOutputTokens: null,
  temperature: null,
  examples: false,
  noRetention: false,
  region: null,
  cancelOnDisconnect: false,
  metadata: {},
  ...more,
});

export const bidderOf = (id: string, more: Partial<Bidder> = {}): Bidder => ({
  id,
  model: id.split("/")[1] ?? id,
  provider: id.split("/")[0] ?? id,
  family: id,
  serves: "generative",
  price: { inputPerMtok: 1_000_000_000, outputPerMtok: 4_000_000_000 },
  contextTokens: 100_000,
  maxOutputTokens: 4096,
  structuredOutput: true,
  region: "test",
  noRetention: true,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 300, tokensPerSecond: 100 },
  enabled: true,
  ...more,
});

/** A whole answer in words, one part each `everyMs`. */
export const says = (text: string, everyMs = 20, firstMs = 200): Script => [
  { afterMs: firstMs, part: { type: "open" } },
  ...text.split(/(?<= )/).map((word) => ({ afterMs: everyMs, part: { type: "text" as const, text: word } })),
  { afterMs: 1, part: { type: "usage", usage: { input: 20, output: Math.ceil(text.length / 4), source: "provider" } } },
  { afterMs: 0, part: { type: "end", finish: "stop" } },
];

export const fails = (reason: ModelFailure["reason"], afterMs = 50): Script => [
  { afterMs, fail: new ModelFailure(reason, `scripted ${reason}`) },
];
