import type { Lease, Limits, MonthTotals, SettledJob, TenantRows } from "../../src/money/tenant-ledger.ts";

/** A tenant's rows in memory: what a ledger opened on them knows after its process has died. */
export class MemoryRows implements TenantRows {
  #limits: Limits = { monthlyNano: null, jobNano: null, latencyMs: null, jobsPerMinute: null };
  #leases = new Map<string, Lease>();
  #settled = new Map<string, SettledJob>();
  #months = new Map<string, MonthTotals>();

  atomic<T>(work: () => T): T {
    const before = [new Map(this.#leases), new Map(this.#settled), new Map(this.#months)] as const;
    try {
      return work();
    } catch (error) {
      [this.#leases, this.#settled, this.#months] = before;
      throw error;
    }
  }

  limits = () => this.#limits;
  setLimits(limits: Limits) {
    this.#limits = limits;
  }
  leases = () => [...this.#leases.values()].map((lease) => ({ ...lease }));
  putLease(lease: Lease) {
    this.#leases.set(lease.holder, { ...lease });
  }
  dropLease(holder: string) {
    this.#leases.delete(holder);
  }
  settled = (job: string) => this.#settled.get(job) ?? null;
  putSettled(job: string, settled: SettledJob) {
    this.#settled.set(job, settled);
  }
  month = (month: string) => this.#months.get(month) ?? { month, jobs: 0, costNano: 0, chargeNano: 0 };
  putMonth(totals: MonthTotals) {
    this.#months.set(totals.month, totals);
  }
  months = () => [...this.#months.values()].sort((a, b) => (a.month < b.month ? 1 : -1));
}
