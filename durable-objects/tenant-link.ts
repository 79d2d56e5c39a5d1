import type { AtomicEnv } from "../src/env.ts";
import type { Job } from "../src/job/job.ts";
import type { SettlementMessage } from "../src/job/job-summary.ts";
import { ledgerOf } from "../src/job/ledger.ts";
import { ledgerTotals } from "../src/money/ledger.ts";
import type { NanoUsd } from "../src/money/nano-usd.ts";
import type { Grant, RunningJob } from "../src/money/tenant-ledger.ts";
import type { TenantObject } from "./tenant.ts";

/** Longest time one call may wait for money; the object's own bound is the same, ms. */
const callWaitMs = 10_000;

/** A job's line to its tenant's object. Every call may be repeated. */
export class TenantLink {
  readonly #env: AtomicEnv;

  constructor(env: AtomicEnv) {
    this.#env = env;
  }

  /** The job runs: it shows in lists, and what it holds is its own: so much; null: it has settled. */
  async begin(job: Job): Promise<NanoUsd | null> {
    return await this.#tenant(job).begin(aboutOf(job), job.slice, job.leasedNano ?? 0);
  }

  async lease(job: Job, leastNano: NanoUsd, wantNano: NanoUsd, waitMs: number): Promise<Grant> {
    const untilMs = Date.now() + waitMs;
    for (;;) {
      const leftMs = Math.max(0, untilMs - Date.now());
      const grant = await this.#tenant(job).lease(
        aboutOf(job),
        job.slice,
        leastNano,
        wantNano,
        Math.min(callWaitMs, leftMs),
      );
      if (grant.totalNano >= leastNano || grant.shortage !== "held" || Date.now() >= untilMs) return grant;
    }
  }

  /** The job has ended and all its attempts have reported. */
  async settle(job: Job, messages: SettlementMessage[]): Promise<void> {
    const { costNano, chargeNano } = ledgerTotals(ledgerOf(job));
    const answered = job.status === "succeeded";
    // Who waited for a person or for a time says nothing of how long the market takes.
    const waited = !answered || job.microtasks.some((m) => m.task.wait !== undefined);
    const tookMs = job.endedAtMs === null || waited ? null : Math.max(0, job.endedAtMs - job.acceptedAtMs);
    await this.#tenant(job).settle({ job: job.id, slice: job.slice, costNano, chargeNano, answered, tookMs }, messages);
  }

  #tenant(job: Job): Pick<TenantObject, "begin" | "lease" | "settle"> {
    return this.#env.TENANT.get(this.#env.TENANT.idFromName(job.tenant)) as unknown as TenantObject;
  }
}

const aboutOf = (job: Job): RunningJob => ({
  id: job.id,
  kind: job.request.kind,
  plan: typeof job.request.plan === "string" ? job.request.plan : "caller",
  via: job.via,
  createdAtMs: job.acceptedAtMs,
  ...(job.request.lane === "fast" ? { lane: "fast" as const } : {}),
});
