import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import { openingOf } from "../../src/engine/opening.ts";
import type { MarketView } from "../../src/engine/ports.ts";
import type { Job } from "../../src/job/job.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import { ledgerTotals } from "../../src/money/ledger.ts";
import type { OpeningSlice } from "../../src/money/money-event.ts";
import type { NanoUsd } from "../../src/money/nano-usd.ts";
import { drawFrom, type Purse, purseSize } from "../../src/money/purse.ts";
import { type Grant, purseMs, type RunningJob, TenantLedger } from "../../src/money/tenant-ledger.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { TenantBooks } from "./evidence.ts";
import type { Seeded } from "./seeded.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A call to the tenant's object was lost, or its answer was: the caller cannot tell which. */
class Lost extends Error {}

/**
 * A tenant's object with its real ledger and rows, the Worker that holds its purse, and the wire between them and the
 * jobs: calls and answers get lost, the object and the Worker die.
 */
export class ChaosTenant {
  readonly #clock: VirtualClock;
  readonly #random: Seeded;
  readonly #disk = new SqliteStorage();
  readonly #rows = new SqlTenantRows(this.#disk);
  #ledger: TenantLedger;
  #purse: Purse | null = null;
  #purses = 0;
  #waiting: { wake: () => void; fail: (error: Error) => void }[] = [];
  #highestNano = 0;
  readonly capNano: NanoUsd | null;

  constructor(clock: VirtualClock, random: Seeded, capNano: NanoUsd | null) {
    this.#clock = clock;
    this.#random = random;
    this.capNano = capNano;
    this.#ledger = new TenantLedger(this.#rows);
    this.#ledger.setLimits({ monthlyNano: capNano, jobNano: null, latencyMs: null, jobsPerMinute: null });
  }

  /** The object dies: what it had committed is there when it is asked again, and who waited hears that it is gone. */
  die(): void {
    this.#ledger = new TenantLedger(this.#rows);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { fail } of waiting) fail(new Lost("the tenant's object died"));
  }

  /** The Worker dies, and with it the memory of its purse. */
  loseWorker(): void {
    this.#purse = null;
  }

  /** What a Worker gives a new job, as `openingFor` does; "refused": the month's cap is spent. */
  opening(request: JobRequest, view: MarketView): OpeningSlice | null | "refused" {
    if (this.capNano === null) return null;
    const { nano, freely } = openingOf(request, view, this.#clock.nowMs);
    if (nano === 0) return { purse: null, nano: 0 };
    if (drawFrom(this.#purse, nano, this.#clock.nowMs)) return { purse: this.#purse?.id ?? null, nano };
    const id = `purse/${++this.#purses}`;
    const leftNano = this.#ledger.standing(this.#clock.nowMs).leftNano ?? 0;
    const grant = this.#ledger.openPurse(id, nano, purseSize(nano, leftNano), this.#clock.nowMs);
    this.#watch();
    if (grant === null) return null;
    if (grant.totalNano === 0)
      return grant.shortage === "cap-reached" && leftNano <= 0 && !freely ? "refused" : { purse: null, nano: 0 };
    const old = this.#purse;
    this.#purse = { id, leftNano: grant.totalNano - nano, expiresAtMs: this.#clock.nowMs + purseMs };
    if (old !== null) this.#ledger.closePurse(old.id, old.leftNano);
    this.#moved();
    return { purse: id, nano };
  }

  returnSlice(slice: OpeningSlice | null): void {
    if (slice === null || slice.purse === null) return;
    if (this.#purse?.id === slice.purse) this.#purse.leftNano += slice.nano;
    else this.#ledger.closePurse(slice.purse, slice.nano);
  }

  begin(process: object, job: Job): Promise<NanoUsd | null> {
    const [about, slice, keepNano] = [aboutOf(job), job.slice, job.leasedNano ?? 0];
    return this.#call(process, async () => {
      const heldNano = this.#ledger.begin(about, slice, keepNano, this.#clock.nowMs);
      this.#moved();
      return heldNano;
    });
  }

  lease(process: object, job: Job, leastNano: NanoUsd, wantNano: NanoUsd, waitMs: number): Promise<Grant> {
    const [about, slice] = [aboutOf(job), job.slice];
    return this.#call(process, async () => {
      const untilMs = this.#clock.nowMs + waitMs;
      for (;;) {
        const grant = this.#ledger.lease(about, slice, leastNano, wantNano, this.#clock.nowMs);
        this.#watch();
        if (grant.totalNano >= leastNano || grant.shortage !== "held" || this.#clock.nowMs >= untilMs) return grant;
        await this.#money(untilMs - this.#clock.nowMs);
      }
    });
  }

  settle(process: object, job: Job): Promise<void> {
    const { costNano, chargeNano } = ledgerTotals(ledgerOf(job));
    const [id, slice] = [job.id, job.slice];
    return this.#call(process, async () => {
      this.#ledger.settle(id, slice, { costNano, chargeNano }, this.#clock.nowMs);
      this.#moved();
    });
  }

  /** What its rows say at the end, of a job and of all. */
  books(job: string, billedNano: NanoUsd): TenantBooks {
    const { costNano } = this.#ledger.standing(this.#clock.nowMs);
    const settled = this.#rows.settled(job);
    const lease = this.#rows.leases().find(({ holder }) => holder === job);
    return {
      capNano: this.capNano,
      highestNano: this.#highestNano,
      costNano,
      billedNano,
      settled: settled === null ? null : { costNano: settled.costNano, chargeNano: settled.chargeNano },
      jobHoldsNano: lease?.nano ?? null,
    };
  }

  close(): void {
    this.#disk.close();
  }

  /** The call is on its way whether or not its caller lives on; the answer reaches only a caller that does. */
  #call<T>(process: object, work: () => Promise<T>): Promise<T> {
    const [lostBefore, lostAfter] = [this.#random.chance(0.05), this.#random.chance(0.05)];
    const [thereMs, backMs] = [this.#random.int(1, 60), this.#random.int(1, 60)];
    return new Promise((resolve, reject) => {
      const answer = (give: () => void) => void this.#clock.after(process, backMs, give);
      this.#clock.after(this, thereMs, () => {
        if (lostBefore) return answer(() => reject(new Lost("the call was lost")));
        work().then(
          (value) => answer(() => (lostAfter ? reject(new Lost("the answer was lost")) : resolve(value))),
          (error: Error) => answer(() => reject(error)),
        );
      });
    });
  }

  #money(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const off = this.#clock.after(this, ms, resolve);
      const wake = () => {
        off();
        resolve();
      };
      this.#waiting.push({ wake, fail: reject });
    });
  }

  #moved(): void {
    this.#watch();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { wake } of waiting) wake();
  }

  #watch(): void {
    const { costNano, heldNano } = this.#ledger.standing(this.#clock.nowMs);
    this.#highestNano = Math.max(this.#highestNano, costNano + heldNano);
  }
}

const aboutOf = (job: Job): RunningJob => ({
  id: job.id,
  kind: job.request.kind,
  plan: typeof job.request.plan === "string" ? job.request.plan : "caller",
  via: job.via,
  createdAtMs: job.acceptedAtMs,
});
