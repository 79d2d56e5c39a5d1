import type { Loan } from "../src/access/starts.ts";
import type { ChainEnd, ChainedSeal } from "../src/job/seal.ts";
import type { PaceState } from "../src/market/pace.ts";
import type { Lease, Limits, MonthTotals, RunningJob, SettledJob, TenantRows } from "../src/money/tenant-ledger.ts";
import { noRules, type TenantRules } from "../src/plan/tenant-rules.ts";
import type { LogSql, LogStorage } from "./log-storage.ts";

const mostForgotten = 5_000;
/**
 * Loans of starts are kept as if they ended at the next multiple, ms: so they are at most 125 rows, however many Workers
 * share a tenant. All are read for each loan: 6,000 rows, one for each start, took 13 ms, and there would be 100 such a second.
 */
const loanGrainMs = 500;

/** A tenant's rows in its object's SQLite. */
export class SqlTenantRows implements TenantRows {
  readonly #storage: Pick<LogStorage, "transactionSync">;
  readonly #sql: LogSql;

  constructor(storage: LogStorage) {
    const { sql } = storage;
    this.#storage = storage;
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS limits (one INTEGER PRIMARY KEY, monthly_nano INTEGER, job_nano INTEGER)");
    sql.exec("CREATE TABLE IF NOT EXISTS objective (one INTEGER PRIMARY KEY, latency_ms INTEGER)");
    sql.exec("CREATE TABLE IF NOT EXISTS rate (one INTEGER PRIMARY KEY, jobs_per_minute INTEGER)");
    sql.exec("CREATE TABLE IF NOT EXISTS starts (until_ms INTEGER NOT NULL, jobs INTEGER NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS rules (one INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    sql.exec(`CREATE TABLE IF NOT EXISTS pace (one INTEGER PRIMARY KEY, lambda REAL NOT NULL, mu REAL NOT NULL,
      jobs REAL NOT NULL, span_ms REAL NOT NULL, at_ms INTEGER NOT NULL)`);
    sql.exec(`CREATE TABLE IF NOT EXISTS leases (holder TEXT PRIMARY KEY, kind TEXT NOT NULL, month TEXT NOT NULL,
      nano INTEGER NOT NULL, at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, about TEXT) WITHOUT ROWID`);
    sql.exec(`CREATE TABLE IF NOT EXISTS settled (job TEXT PRIMARY KEY, month TEXT NOT NULL, cost_nano INTEGER NOT NULL,
      charge_nano INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID`);
    // A table of its own: older code, which may come back, writes whole rows of `settled`.
    sql.exec(`CREATE TABLE IF NOT EXISTS sealed (job TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, n INTEGER NOT NULL,
      link TEXT NOT NULL, previous TEXT NOT NULL, previous_ended_ms INTEGER NOT NULL, events INTEGER NOT NULL,
      sha256 TEXT NOT NULL) WITHOUT ROWID`);
    sql.exec(`CREATE TABLE IF NOT EXISTS chain (one INTEGER PRIMARY KEY, n INTEGER NOT NULL, link TEXT NOT NULL,
      ended_ms INTEGER NOT NULL)`);
    sql.exec(`CREATE TABLE IF NOT EXISTS months (month TEXT PRIMARY KEY, jobs INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL, charge_nano INTEGER NOT NULL) WITHOUT ROWID`);
  }

  atomic<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  limits(): Limits {
    const [row] = this.#sql.exec<{
      monthly_nano: number | null;
      job_nano: number | null;
      latency_ms: number | null;
      jobs_per_minute: number | null;
    }>(
      `SELECT (SELECT monthly_nano FROM limits) AS monthly_nano, (SELECT job_nano FROM limits) AS job_nano,
        (SELECT latency_ms FROM objective) AS latency_ms, (SELECT jobs_per_minute FROM rate) AS jobs_per_minute`,
    );
    return {
      monthlyNano: row?.monthly_nano ?? null,
      jobNano: row?.job_nano ?? null,
      latencyMs: row?.latency_ms ?? null,
      jobsPerMinute: row?.jobs_per_minute ?? null,
    };
  }

  setLimits({ monthlyNano, jobNano, latencyMs, jobsPerMinute }: Limits): void {
    this.#sql.exec("INSERT OR REPLACE INTO limits VALUES (1, ?, ?)", monthlyNano, jobNano);
    this.#sql.exec("INSERT OR REPLACE INTO objective VALUES (1, ?)", latencyMs);
    this.#sql.exec("INSERT OR REPLACE INTO rate VALUES (1, ?)", jobsPerMinute);
  }

  /** Starts lent that still count against the rate. */
  loans(): Loan[] {
    const rows = this.#sql.exec<{ until_ms: number; jobs: number }>("SELECT until_ms, jobs FROM starts");
    return [...rows].map((row) => ({ jobs: row.jobs, untilMs: row.until_ms }));
  }

  /** A new loan, added to those that end with it; those up to `countedMs` count no more. */
  putLoan({ jobs, untilMs }: Loan, countedMs: number): void {
    const endMs = Math.ceil(untilMs / loanGrainMs) * loanGrainMs;
    this.#sql.exec("DELETE FROM starts WHERE until_ms <= ?", countedMs);
    const added = this.#sql.exec("UPDATE starts SET jobs = jobs + ? WHERE until_ms = ? RETURNING jobs", jobs, endMs);
    if ([...added].length === 0) this.#sql.exec("INSERT INTO starts VALUES (?, ?)", endMs, jobs);
  }

  rules(): TenantRules {
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM rules");
    return row === undefined ? noRules : (JSON.parse(row.body) as TenantRules);
  }

  setRules(rules: TenantRules): void {
    this.#sql.exec("INSERT OR REPLACE INTO rules VALUES (1, ?)", JSON.stringify(rules));
  }

  pace(): PaceState | null {
    const [row] = this.#sql.exec<{ lambda: number; mu: number; jobs: number; span_ms: number; at_ms: number }>(
      "SELECT * FROM pace",
    );
    if (row === undefined) return null;
    return { lambda: row.lambda, muUsdPerSecond: row.mu, jobs: row.jobs, spanMs: row.span_ms, atMs: row.at_ms };
  }

  putPace({ lambda, muUsdPerSecond, jobs, spanMs, atMs }: PaceState): void {
    this.#sql.exec("INSERT OR REPLACE INTO pace VALUES (1, ?, ?, ?, ?, ?)", lambda, muUsdPerSecond, jobs, spanMs, atMs);
  }

  leases(): Lease[] {
    const rows = this.#sql.exec<{
      holder: string;
      kind: Lease["kind"];
      month: string;
      nano: number;
      at_ms: number;
      expires_at_ms: number;
      about: string | null;
    }>("SELECT * FROM leases");
    return [...rows].map(({ at_ms, expires_at_ms, about, ...row }) => ({
      ...row,
      atMs: at_ms,
      expiresAtMs: expires_at_ms,
      about: about === null ? null : (JSON.parse(about) as RunningJob),
    }));
  }

  putLease({ holder, kind, month, nano, atMs, expiresAtMs, about }: Lease): void {
    const text = about === null ? null : JSON.stringify(about);
    this.#sql.exec(
      "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[holder, kind, month, nano, atMs, expiresAtMs, text],
    );
  }

  dropLease(holder: string): void {
    this.#sql.exec("DELETE FROM leases WHERE holder = ?", holder);
  }

  settled(job: string): SettledJob | null {
    const [row] = this.#sql.exec<{ month: string; cost_nano: number; charge_nano: number; at_ms: number }>(
      "SELECT * FROM settled WHERE job = ?",
      job,
    );
    if (row === undefined) return null;
    return { month: row.month, costNano: row.cost_nano, chargeNano: row.charge_nano, atMs: row.at_ms };
  }

  putSettled(job: string, { month, costNano, chargeNano, atMs }: SettledJob): void {
    this.#sql.exec("INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?)", job, month, costNano, chargeNano, atMs);
  }

  /** A job's seal as it stands in the chain; null: it has not settled, or did before there was one. */
  sealed(job: string): ChainedSeal | null {
    const [row] = this.#sql.exec<{
      n: number;
      link: string;
      previous: string;
      previous_ended_ms: number;
      events: number;
      sha256: string;
    }>("SELECT * FROM sealed WHERE job = ?", job);
    if (row === undefined) return null;
    const { n, link, previous, previous_ended_ms: previousEndedAtMs, events, sha256 } = row;
    return { events, sha256, place: { n, link, previous, previousEndedAtMs } };
  }

  putSealed(job: string, { events, sha256, place }: ChainedSeal, atMs: number): void {
    const { n, link, previous, previousEndedAtMs } = place;
    this.#sql.exec(
      "INSERT OR REPLACE INTO sealed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[job, atMs, n, link, previous, previousEndedAtMs, events, sha256],
    );
  }

  /** The last place of the chain of seals; null: it has none. */
  chainEnd(): ChainEnd | null {
    const [row] = this.#sql.exec<{ n: number; link: string; ended_ms: number }>("SELECT n, link, ended_ms FROM chain");
    return row === undefined ? null : { n: row.n, link: row.link, endedAtMs: row.ended_ms };
  }

  putChainEnd({ n, link, endedAtMs }: ChainEnd): void {
    this.#sql.exec("INSERT OR REPLACE INTO chain VALUES (1, ?, ?, ?)", n, link, endedAtMs);
  }

  month(month: string): MonthTotals {
    return this.#months("WHERE month = ?", month)[0] ?? { month, jobs: 0, costNano: 0, chargeNano: 0 };
  }

  putMonth({ month, jobs, costNano, chargeNano }: MonthTotals): void {
    this.#sql.exec("INSERT OR REPLACE INTO months VALUES (?, ?, ?, ?)", month, jobs, costNano, chargeNano);
  }

  /** Newest first. */
  months(limit: number): MonthTotals[] {
    return this.#months("ORDER BY month DESC LIMIT ?", limit);
  }

  /** Forgets jobs that settled before a time; true: there may be more. */
  forget(beforeMs: number): boolean {
    const gone = this.#sql.exec<{ job: string }>(
      "DELETE FROM settled WHERE job IN (SELECT job FROM settled WHERE at_ms < ? LIMIT ?) RETURNING job",
      beforeMs,
      mostForgotten,
    );
    this.#sql.exec(
      "DELETE FROM sealed WHERE job IN (SELECT job FROM sealed WHERE at_ms < ? LIMIT ?)",
      beforeMs,
      mostForgotten,
    );
    return [...gone].length >= mostForgotten;
  }

  #months(where: string, value: string | number): MonthTotals[] {
    const rows = this.#sql.exec<{ month: string; jobs: number; cost_nano: number; charge_nano: number }>(
      `SELECT * FROM months ${where}`,
      value,
    );
    return [...rows].map(({ month, jobs, cost_nano, charge_nano }) => ({
      month,
      jobs,
      costNano: cost_nano,
      chargeNano: charge_nano,
    }));
  }
}
