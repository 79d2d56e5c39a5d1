import { openingOf } from "../../src/engine/opening.ts";
import type { EnginePorts } from "../../src/engine/ports.ts";
import { JobRun } from "../../src/engine/run-job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { ledgerTotals } from "../../src/money/ledger.ts";
import type { OpeningSlice } from "../../src/money/money-event.ts";
import { costOf } from "../../src/money/price.ts";
import { drawFrom, type Purse, purseSize } from "../../src/money/purse.ts";
import { isSpent, purseMs, type RunningJob, TenantLedger } from "../../src/money/tenant-ledger.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { flush, type Script, World } from "../engine/world.ts";
import { MemoryRows } from "./memory-rows.ts";

/**
 * Many jobs of one tenant at once under one virtual clock: real engines, a real tenant's ledger, and providers that
 * keep their own account of what they bill.
 */
export class Town extends World {
  readonly rows = new MemoryRows();
  ledger = new TenantLedger(this.rows);
  readonly runs: JobRun[] = [];
  /** What the providers bill, by their own count, nano-USD; also of streams that were cut. */
  billedNano = 0;
  /** Jobs refused at the door. */
  turnedAway = 0;
  #purse: Purse | null = null;
  #waiting: (() => void)[] = [];
  /** Highest sum of what was settled and lent. */
  highestNano = 0;

  constructor(bidders: Bidder[], script: (call: ModelCall, world: World) => Script) {
    super(bidders, script);
  }

  /** A client posts a request, as a Worker takes it: a slice from its purse, or the tenant's answer. */
  post(request: JobRequest, seed: number): void {
    const view = this.ports().market();
    const opening = openingOf(request, view, this.nowMs);
    let slice: OpeningSlice | null = { purse: null, nano: 0 };
    if (drawFrom(this.#purse, opening.nano, this.nowMs)) slice = { purse: this.#purse?.id ?? null, nano: opening.nano };
    else {
      const id = `purse/${seed}`;
      const standing = this.ledger.standing(this.nowMs);
      const left = standing.leftNano ?? 0;
      const grant = this.ledger.openPurse(id, opening.nano, purseSize(opening.nano, left), this.nowMs);
      if (grant === null) slice = null;
      else if (grant.totalNano > 0) {
        if (this.#purse !== null) this.ledger.closePurse(this.#purse.id, this.#purse.leftNano);
        this.#purse = { id, leftNano: grant.totalNano - opening.nano, expiresAtMs: this.nowMs + purseMs };
        slice = { purse: id, nano: opening.nano };
      } else if (isSpent(standing) && !opening.freely) {
        this.turnedAway += 1;
        return;
      }
    }
    this.#watch();
    const log: LoggedEvent[] = [];
    const run = new JobRun(log, this.portsOf(log));
    this.runs.push(run);
    const capped = slice === null ? {} : { slice };
    run.accept({ type: "job-accepted", job: `job_${seed}`, tenant: "t", request, seed, via: "http", ...capped });
    run.keepWhatIsNeeded();
    const { leasedNano } = run.job;
    run.holds(leasedNano, this.ledger.begin(about(run), run.job.slice, leasedNano ?? 0, this.nowMs));
    this.#watch();
  }

  override sleepers(): JobRun[] {
    return this.runs;
  }

  portsOf(log: LoggedEvent[]): EnginePorts {
    return {
      ...this.ports(),
      append: (events) => void log.push(...structuredClone(events)),
      lease: async (job, least, want, waitMs) => {
        const untilMs = this.nowMs + waitMs;
        for (;;) {
          const run = this.runs.find((r) => r.job === job);
          if (run === undefined) throw new Error("no such job");
          const grant = this.ledger.lease(about(run), job.slice, least, want, this.nowMs);
          this.#watch();
          if (grant.totalNano >= least || grant.shortage !== "held" || this.nowMs >= untilMs) return grant;
          await this.#money(untilMs - this.nowMs);
        }
      },
      settle: async (job) => {
        this.ledger.settle(job.id, job.slice, ledgerTotals(ledgerOf(job)), this.nowMs);
        this.#watch();
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const wake of waiting) wake();
      },
    };
  }

  /** What a provider bills for a call: its input, and what it sent until it heard of the cut. */
  bill(call: ModelCall, outputTokens: number, inputTokens: number): void {
    const bidder = this.bidders.find((b) => b.id === call.bidder);
    if (bidder === undefined) return;
    this.billedNano += costOf(bidder.price, { input: inputTokens, output: outputTokens, source: "provider" });
  }

  /** Runs until every job has ended and settled. */
  async finish(): Promise<void> {
    for (;;) {
      await flush();
      if (this.defects.length > 0) throw this.defects[0];
      if (this.runs.every((run) => run.finished)) return;
      if (!this.step()) throw new Error("Nothing is scheduled and jobs are not over.");
    }
  }

  #money(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const off = this.after(ms, resolve);
      this.#waiting.push(() => {
        off();
        resolve();
      });
    });
  }

  #watch(): void {
    const { costNano, heldNano } = this.ledger.standing(this.nowMs);
    this.highestNano = Math.max(this.highestNano, costNano + heldNano);
  }
}

const about = (run: JobRun): RunningJob => ({
  id: run.job.id,
  kind: run.job.request.kind,
  plan: "single",
  via: run.job.via,
  createdAtMs: run.job.acceptedAtMs,
});
