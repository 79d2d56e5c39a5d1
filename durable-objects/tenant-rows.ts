import type { SealPlace } from "../src/job/seal.ts";
import type { PaceState } from "../src/market/pace.ts";
import type { Lease, Limits, MonthTotals, RunningJob, SettledJob, TenantRows } from "../src/money/tenant-ledger.ts";
import { noRules, type TenantRules } from "../src/plan/tenant-rules.ts";
import type { LogSql } from "./log-storage.ts";

const mostForgotten = 5_000;

/** A tenant's rows in its object's SQLite. */
export class SqlTenantRows implements TenantRows {
  readonly #sql: LogSql;

  constructor(sql: LogSql) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS limits (one INTEGER PRIMARY KEY, monthly_nano INTEGER, job_nano INTEGER)");
    sql.exec("CREATE TABLE IF NOT EXISTS objective (one INTEGER PRIMARY KEY, latency_ms INTEGER)");
    sql.exec("CREATE TABLE IF NOT EXISTS rules (one INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    sql.exec(`CREATE TABLE IF NOT EXISTS pace (one INTEGER PRIMARY KEY, lambda REAL NOT NULL, mu REAL NOT NULL,
      jobs REAL NOT NULL, span_ms REAL NOT NULL, at_ms INTEGER NOT NULL)`);
    sql.exec(`CREATE TABLE IF NOT EXISTS leases (holder TEXT PRIMARY KEY, kind TEXT NOT NULL, month TEXT NOT NULL,
      nano INTEGER NOT NULL, at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, about TEXT) WITHOUT ROWID`);
    sql.exec(`CREATE TABLE IF NOT EXISTS settled (job TEXT PRIMARY KEY, month TEXT NOT NULL, cost_nano INTEGER NOT NULL,
      charge_nano INTEGER NOT NULL, at_ms INTEGER NOT NULL, n INTEGER, link TEXT, events INTEGER, sha256 TEXT) WITHOUT ROWID`);
    // Made before seals were chained.
    const columns = [...sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('settled')")];
    if (!columns.some(({ name }) => name === "n"))
      for (const column of ["n INTEGER", "link TEXT", "events INTEGER", "sha256 TEXT"])
        sql.exec(`ALTER TABLE settled ADD COLUMN ${column}`);
    sql.exec("CREATE TABLE IF NOT EXISTS chain (one INTEGER PRIMARY KEY, n INTEGER NOT NULL, link TEXT NOT NULL)");
    sql.exec(`CREATE TABLE IF NOT EXISTS months (month TEXT PRIMARY KEY, jobs INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL, charge_nano INTEGER NOT NULL) WITHOUT ROWID`);
  }

  limits(): Limits {
    const [row] = this.#sql.exec<{ monthly_nano: number | null; job_nano: number | null; latency_ms: number | null }>(
      `SELECT (SELECT monthly_nano FROM limits) AS monthly_nano, (SELECT job_nano FROM limits) AS job_nano,
        (SELECT latency_ms FROM objective) AS latency_ms`,
    );
    return {
      monthlyNano: row?.monthly_nano ?? null,
      jobNano: row?.job_nano ?? null,
      latencyMs: row?.latency_ms ?? null,
    };
  }

  setLimits({ monthlyNano, jobNano, latencyMs }: Limits): void {
    this.#sql.exec("INSERT OR REPLACE INTO limits VALUES (1, ?, ?)", monthlyNano, jobNano);
    this.#sql.exec("INSERT OR REPLACE INTO objective VALUES (1, ?)", latencyMs);
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
    const [row] = this.#sql.exec<{
      month: string;
      cost_nano: number;
      charge_nano: number;
      at_ms: number;
      n: number | null;
      link: string | null;
      events: number | null;
      sha256: string | null;
    }>("SELECT * FROM settled WHERE job = ?", job);
    if (row === undefined) return null;
    const { month, n, link, events, sha256 } = row;
    const chained = n !== null && link !== null && events !== null && sha256 !== null;
    const seal = chained ? { events, sha256, place: { n, link } } : null;
    return { month, costNano: row.cost_nano, chargeNano: row.charge_nano, atMs: row.at_ms, seal };
  }

  putSettled(job: string, { month, costNano, chargeNano, atMs, seal }: SettledJob): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO settled (job, month, cost_nano, charge_nano, at_ms, n, link, events, sha256)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[job, month, costNano, chargeNano, atMs],
      ...(seal === null ? [null, null, null, null] : [seal.place.n, seal.place.link, seal.events, seal.sha256]),
    );
  }

  /** The last place of the chain of seals; null: it has none. */
  chainHead(): SealPlace | null {
    const [row] = this.#sql.exec<{ n: number; link: string }>("SELECT n, link FROM chain");
    return row ?? null;
  }

  putChainHead({ n, link }: SealPlace): void {
    this.#sql.exec("INSERT OR REPLACE INTO chain VALUES (1, ?, ?)", n, link);
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
