import type { SettlementMessage } from "../src/job/job-summary.ts";
import { hasTable } from "./log-schema.ts";
import type { LogSql } from "./log-storage.ts";

/** The oldest go when there are more. */
const mostKept = 1_000;

export interface DeadLetter {
  n: number;
  message: SettlementMessage;
}

/** Settlement messages that could not be taken, with the reason: a dead-letter queue where the platform has none. */
export class DeadLetters {
  readonly #sql: LogSql;

  constructor(sql: LogSql) {
    this.#sql = sql;
  }

  /** Without its examples: texts are not kept for longer than their job. */
  keep(message: SettlementMessage, reason: string, nowMs: number): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS dead_letter (n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL)",
    );
    this.#sql.exec(
      "INSERT INTO dead_letter (at_ms, reason, message) VALUES (?, ?, ?)",
      nowMs,
      reason,
      JSON.stringify({ ...message, examples: [] }),
    );
    this.#sql.exec("DELETE FROM dead_letter WHERE n <= (SELECT max(n) FROM dead_letter) - ?", mostKept);
  }

  /** Oldest first. */
  list(after: number, limit: number): DeadLetter[] {
    if (!hasTable(this.#sql, "dead_letter")) return [];
    const rows = this.#sql.exec<{ n: number; message: string }>(
      "SELECT n, message FROM dead_letter WHERE n > ? ORDER BY n LIMIT ?",
      after,
      limit,
    );
    return [...rows].map(({ n, message }) => ({ n, message: JSON.parse(message) as SettlementMessage }));
  }

  drop(n: number): void {
    this.#sql.exec("DELETE FROM dead_letter WHERE n = ?", n);
  }
}
