import type { MoneyShortage, OpeningSlice } from "./money-event.ts";
import type { NanoUsd } from "./nano-usd.ts";

/**
 * Money lent: to a job; to a purse in a Worker's memory, which hands it on to jobs. handed: what is left of a purse that
 * its Worker closed, all of which jobs were handed that have not told of themselves yet. lost: what a job held that died
 * with its Worker. Times are epoch ms.
 */
export interface Lease {
  holder: string;
  kind: "job" | "purse" | "handed" | "lost";
  /** Calendar month (UTC, "2026-11") whose cap it counts against. */
  month: string;
  nano: NanoUsd;
  atMs: number;
  /** Past this a holder is presumed dead. What jobs hold then still counts as spent, until their logs arrive. */
  expiresAtMs: number;
  /** What a list shows of a running job. */
  about: RunningJob | null;
}

export interface RunningJob {
  id: string;
  kind: string;
  plan: string;
  via: string;
  createdAtMs: number;
  /** It runs in a Worker and dies with it. Absent: it has an object of its own, which goes on with it. */
  lane?: "fast";
}

/** A job's place in a list, newest first; jobs of one millisecond by id, so that a page can end between them. */
export type ListPlace = Pick<RunningJob, "createdAtMs" | "id">;
export const newestFirst = (a: ListPlace, b: ListPlace): number =>
  b.createdAtMs - a.createdAtMs || (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);

/** What is known of a job that has settled. */
export interface SettledJob {
  month: string;
  costNano: NanoUsd;
  chargeNano: NanoUsd;
  atMs: number;
}

export interface MonthTotals {
  month: string;
  jobs: number;
  costNano: NanoUsd;
  chargeNano: NanoUsd;
}

/** Where a tenant's rows are kept; every call is synchronous, so that a method of the ledger is one commit. */
export interface TenantRows {
  /** All writes of `work` or, when it throws, none. */
  atomic<T>(work: () => T): T;
  limits(): Limits;
  setLimits(limits: Limits): void;
  leases(): Lease[];
  putLease(lease: Lease): void;
  dropLease(holder: string): void;
  settled(job: string): SettledJob | null;
  putSettled(job: string, settled: SettledJob): void;
  month(month: string): MonthTotals;
  putMonth(totals: MonthTotals): void;
}

/** What the operator allows a tenant; null: no limit. */
export interface Limits {
  monthlyNano: NanoUsd | null;
  jobNano: NanoUsd | null;
  /** The mean time a job should take, ms; it moves what waiting costs in an auction. */
  latencyMs: number | null;
  /** Jobs that may begin in any 60 s. */
  jobsPerMinute: number | null;
}

/** `totalNano`: what the holder has now in all. `shortage`: why that is less than it wanted. */
export interface Grant {
  totalNano: NanoUsd;
  shortage: Exclude<MoneyShortage, "job-budget"> | null;
  /** No more was lent, since there is room for only so much in all: not for what was asked, maybe for a cheaper call. */
  mostNano?: NanoUsd;
  /** The tenant has no cap: what is asked is lent. */
  uncapped?: true;
}

export interface Standing extends Limits, MonthTotals {
  /** Lent to jobs and purses of this month and not settled. */
  heldNano: NanoUsd;
  /** null: no cap. */
  leftNano: NanoUsd | null;
  running: number;
}

/** Nothing of the month will come back: what it may cost has been spent, not only lent. */
export const isSpent = ({ monthlyNano, costNano }: Pick<Standing, "monthlyNano" | "costNano">): boolean =>
  monthlyNano !== null && costNano >= monthlyNano;

/** A purse is drawn from for so long, and what it has not handed on comes back this much later, ms. */
export const purseMs = 30_000;
export const purseGraceMs = 300_000;
export const jobLeaseMs = 600_000;
/**
 * A job that was handed money tells of itself at once; one whose object died does so when it is up again. What nobody
 * has told of for so long was handed to a call that made no job, or to a job that died with its Worker, ms.
 */
export const handedMs = 86_400_000;
/** Longer than a month: what died with its job was spent, for all that is known, and counts against its month to the end. */
const lostMs = 32 * 86_400_000;

/**
 * A tenant's money: live leases + settled <= cap, at every instant. Jobs report their beginning and their end, each any
 * number of times and in any order; only a report of the end frees a job's lease.
 */
export class TenantLedger {
  readonly #rows: TenantRows;
  readonly #leases = new Map<string, Lease>();

  constructor(rows: TenantRows) {
    this.#rows = rows;
    this.#read();
  }

  #read(): void {
    this.#leases.clear();
    for (const lease of this.#rows.leases()) this.#leases.set(lease.holder, lease);
  }

  /** What throws in the midst of several rows has written none of them, and may be done again. */
  #atomic<T>(work: () => T): T {
    try {
      return this.#rows.atomic(work);
    } catch (error) {
      this.#read();
      throw error;
    }
  }

  get limits(): Limits {
    return this.#rows.limits();
  }

  /** Jobs that have begun and not settled. */
  get runningNow(): number {
    return this.#jobs().length;
  }

  setLimits(limits: Limits): void {
    this.#rows.setLimits(limits);
  }

  standing(nowMs: number): Standing {
    const month = monthOf(nowMs);
    const totals = this.#rows.month(month);
    const limits = this.limits;
    const heldNano = this.#held(month);
    const leftNano = limits.monthlyNano === null ? null : Math.max(0, limits.monthlyNano - totals.costNano - heldNano);
    return { ...limits, ...totals, heldNano, leftNano, running: this.#jobs().length };
  }

  /** Running jobs, newest first; `after`: only those that follow this place in the list. */
  running(limit: number, after: ListPlace | null, nowMs: number): RunningJob[] {
    this.#expire(nowMs);
    return this.#jobs()
      .flatMap(({ about }) => (about === null || (after !== null && newestFirst(after, about) >= 0) ? [] : [about]))
      .sort(newestFirst)
      .slice(0, limit);
  }

  /** Lends a Worker a purse of `wantNano`, at least `leastNano`, or nothing. null: this tenant has no cap. */
  openPurse(purse: string, leastNano: NanoUsd, wantNano: NanoUsd, nowMs: number): Grant | null {
    this.#expire(nowMs);
    const month = monthOf(nowMs);
    const room = this.#room(month);
    if (room === null) return null;
    const nano = Math.min(wantNano, room);
    if (nano < leastNano || nano <= 0) return { totalNano: 0, shortage: this.#why(leastNano, month) };
    this.#put({ holder: purse, kind: "purse", month, nano, atMs: nowMs, expiresAtMs: nowMs + purseMs, about: null });
    return { totalNano: nano, shortage: null };
  }

  /**
   * A Worker gives back what it will not hand on, and later what no job took after all. The rest is in the hands of
   * jobs: it counts as spent until they tell of themselves, for a day.
   */
  closePurse(purse: string, unusedNano: NanoUsd): void {
    const lease = this.#leases.get(purse);
    if (lease !== undefined && isPurse(lease)) this.#shrink({ ...lease, kind: "handed" }, unusedNano);
  }

  /**
   * A job has begun; what it holds moves from the purse to the job, and what it does not keep comes back. One that
   * tells of it after its purse was taken back, whose money may be lent to others by then, has what there is still room
   * for. Returns what it holds; null: it has settled, and stays settled.
   */
  begin(job: RunningJob, slice: OpeningSlice | null, keepNano: NanoUsd, nowMs: number): NanoUsd | null {
    const before = this.#leases.get(job.id);
    if (before !== undefined) return before.nano;
    if (this.#rows.settled(job.id) !== null) return null;
    return this.#atomic(() => {
      const taken = this.#take(slice);
      const month = taken?.month ?? monthOf(nowMs);
      const most = (taken?.nano ?? 0) + (this.#room(month) ?? Number.POSITIVE_INFINITY);
      const nano = Math.min(keepNano, most);
      this.#put({
        holder: job.id,
        kind: "job",
        month,
        nano,
        atMs: nowMs,
        expiresAtMs: nowMs + jobLeaseMs,
        about: job,
      });
      return nano;
    });
  }

  /**
   * Raises what a job holds to `wantNano` in all, or at least to `leastNano`, or not at all; also lowers it. Asking
   * again for the same changes nothing. A tenant without a cap lends what is asked.
   */
  lease(job: RunningJob, slice: OpeningSlice | null, leastNano: NanoUsd, wantNano: NanoUsd, nowMs: number): Grant {
    this.#expire(nowMs);
    this.begin(job, slice, slice?.nano ?? 0, nowMs);
    const lease = this.#leases.get(job.id);
    if (lease === undefined) return { totalNano: 0, shortage: "cap-reached" };
    const room = this.#room(lease.month);
    const most = room === null ? wantNano : Math.min(wantNano, lease.nano + room);
    if (most < leastNano)
      return {
        totalNano: lease.nano,
        shortage: this.#why(leastNano, lease.month),
        ...(most > lease.nano ? { mostNano: most } : {}),
      };
    this.#put({ ...lease, nano: most, expiresAtMs: nowMs + jobLeaseMs });
    if (room === null) return { totalNano: most, shortage: null, uncapped: true };
    return { totalNano: most, shortage: most < wantNano ? this.#why(wantNano, lease.month) : null };
  }

  /**
   * A job's log has arrived: what it cost is known, and its lease is free. A repeat moves only what has changed. Returns
   * the month as it stood before the job; null: a repeat.
   */
  settle(
    job: string,
    slice: OpeningSlice | null,
    bill: { costNano: NanoUsd; chargeNano: NanoUsd },
    nowMs: number,
  ): MonthTotals | null {
    const before = this.#rows.settled(job);
    const lease = this.#leases.get(job);
    return this.#atomic(() => {
      const taken = before === null && lease === undefined ? this.#take(slice) : null;
      const month = before?.month ?? lease?.month ?? taken?.month ?? monthOf(nowMs);
      const totals = this.#rows.month(month);
      this.#rows.putMonth({
        month,
        jobs: totals.jobs + (before === null ? 1 : 0),
        costNano: totals.costNano + bill.costNano - (before?.costNano ?? 0),
        chargeNano: totals.chargeNano + bill.chargeNano - (before?.chargeNano ?? 0),
      });
      this.#rows.putSettled(job, { month, ...bill, atMs: before?.atMs ?? nowMs });
      this.#drop(job);
      return before === null ? totals : null;
    });
  }

  /**
   * A purse that nobody closed lies in a dead Worker: it comes back when every job it was handed to must have reported.
   * One that has not by then, its object dead as well, may find its slice lent to others. So may one that has not told
   * for a day of what it is known to have been handed. What a job held that died with its Worker goes with its month.
   */
  #expire(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      if (lease.expiresAtMs + purseGraceMs > nowMs) continue;
      const over =
        lease.kind === "purse" ||
        (lease.kind === "handed" && nowMs >= lease.atMs + handedMs) ||
        (lease.kind === "lost" && nowMs >= lease.atMs + lostMs);
      if (over) this.#drop(lease.holder);
      else if (lease.kind === "job" && lease.about?.lane === "fast") this.#put({ ...lease, kind: "lost", about: null });
    }
  }

  /** Takes a slice out of its purse: so much, of that month's cap. null: the purse is no longer there. */
  #take(slice: OpeningSlice | null): { nano: NanoUsd; month: string } | null {
    const purse = slice === null || slice.purse === null ? undefined : this.#leases.get(slice.purse);
    if (purse === undefined || !isPurse(purse) || slice === null) return null;
    this.#shrink(purse, slice.nano);
    return { nano: Math.min(purse.nano, slice.nano), month: purse.month };
  }

  #shrink(purse: Lease, byNano: NanoUsd): void {
    const nano = purse.nano - Math.max(0, byNano);
    if (nano > 0) this.#put({ ...purse, nano });
    else this.#drop(purse.holder);
  }

  #jobs(): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.kind === "job");
  }

  #held(month: string): NanoUsd {
    let sum = 0;
    for (const lease of this.#leases.values()) if (lease.month === month) sum += lease.nano;
    return sum;
  }

  /** What can still be lent; null: no cap. */
  #room(month: string): NanoUsd | null {
    const { monthlyNano } = this.limits;
    return monthlyNano === null
      ? null
      : Math.max(0, monthlyNano - this.#rows.month(month).costNano - this.#held(month));
  }

  /** held: it would fit if nothing were lent. */
  #why(needNano: NanoUsd, month: string): "cap-reached" | "held" {
    const cap = this.limits.monthlyNano ?? 0;
    return this.#rows.month(month).costNano + needNano <= cap ? "held" : "cap-reached";
  }

  #put(lease: Lease): void {
    this.#rows.putLease(lease);
    this.#leases.set(lease.holder, lease);
  }

  #drop(holder: string): void {
    if (!this.#leases.has(holder)) return;
    this.#rows.dropLease(holder);
    this.#leases.delete(holder);
  }
}

const isPurse = ({ kind }: Lease): boolean => kind === "purse" || kind === "handed";

/** "2026-11", UTC, of an epoch time in ms. */
export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}
