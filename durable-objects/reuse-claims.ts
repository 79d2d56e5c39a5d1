import { hasTable } from "./log-schema.ts";
import type { LogSql } from "./log-storage.ts";

const mostClaims = 10_000;
/** As many go at a time: to find the oldest one all are read. */
const mostForgotten = 1_000;

/** A request that the answer of another will do for. */
export interface ReuseClaim {
  /** SHA-256 (hex) of the canonical request. */
  hash: string;
  /** Where its job is to be, when there is no other: an object's id. */
  place: string;
  /** An answer asked for less than so long ago will do, ms. */
  reuseMs: number;
  /** A place whose answer will not do; null: it knows of none. */
  not: string | null;
}

/** Where the job of a request is, by the request's hash; whoever finds none is to make it. The table comes with the first claim. */
export class ReuseClaims {
  readonly #sql: LogSql;
  #there: boolean | null = null;
  #count: number | null = null;

  constructor(sql: LogSql) {
    this.#sql = sql;
  }

  /** The job's place, and how long ago it was claimed: the claim's own, from now on, where there is no other. Writes one row then, else none. */
  claim({ hash, place, reuseMs, not }: ReuseClaim, nowMs: number): { place: string; ageMs: number } {
    this.#make();
    const [row] = this.#sql.exec<{ place: string; at_ms: number }>(
      "SELECT place, at_ms FROM reuse WHERE hash = ?",
      hash,
    );
    if (row !== undefined && row.place !== not && nowMs - row.at_ms < reuseMs)
      return { place: row.place, ageMs: Math.max(0, nowMs - row.at_ms) };
    if (row === undefined) this.#room(nowMs);
    this.#sql.exec("INSERT OR REPLACE INTO reuse VALUES (?, ?, ?, ?)", hash, place, nowMs, nowMs + reuseMs);
    return { place, ageMs: 0 };
  }

  /** What was asked under other rules is no answer now. */
  forgetAll(): void {
    if (!this.#isThere()) return;
    this.#sql.exec("DELETE FROM reuse");
    this.#count = 0;
  }

  forgetExpired(nowMs: number): void {
    if (!this.#isThere()) return;
    this.#sql.exec("DELETE FROM reuse WHERE until_ms <= ?", nowMs);
    this.#count = null;
  }

  /** Room for one more: expired ones go first, then the oldest. */
  #room(nowMs: number): void {
    this.#count ??= [...this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM reuse")][0]?.n ?? 0;
    if (this.#count >= mostClaims) {
      this.#sql.exec(
        "DELETE FROM reuse WHERE hash IN (SELECT hash FROM reuse ORDER BY until_ms > ?, at_ms LIMIT ?)",
        nowMs,
        mostForgotten,
      );
      this.#count -= mostForgotten;
    }
    this.#count++;
  }

  #isThere(): boolean {
    this.#there ??= hasTable(this.#sql, "reuse");
    return this.#there;
  }

  /** No index beside the key: each would be one more row written. */
  #make(): void {
    if (this.#there) return;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS reuse (hash TEXT PRIMARY KEY, place TEXT NOT NULL, at_ms INTEGER NOT NULL,
      until_ms INTEGER NOT NULL) WITHOUT ROWID`);
    this.#there = true;
  }
}
