import type { LoggedEvent } from "../src/job/job-event.ts";

/** Rows hold at most this much of an event; longer ones are split, since a value may have 2 MB. Code units. */
const rowChars = 500_000;

/**
 * The job log in the object's SQLite: one row an event, `seq` is the SSE id. An event too long for a value continues in
 * `log_more`, written in the same synchronous block and so in the same commit.
 */
export class JobLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS log_more (seq INTEGER NOT NULL, part INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (seq, part)) WITHOUT ROWID",
    );
  }

  get isEmpty(): boolean {
    return [...this.#sql.exec("SELECT 1 FROM log LIMIT 1")].length === 0;
  }

  append(events: LoggedEvent[]): void {
    for (const { seq, atMs, ...event } of events) {
      const body = JSON.stringify(event);
      this.#sql.exec("INSERT INTO log (seq, at_ms, body) VALUES (?, ?, ?)", seq, atMs, body.slice(0, rowChars));
      for (let at = rowChars, part = 1; at < body.length; at += rowChars, part++)
        this.#sql.exec(
          "INSERT INTO log_more (seq, part, body) VALUES (?, ?, ?)",
          seq,
          part,
          body.slice(at, at + rowChars),
        );
    }
  }

  /** Events after `after` in order, at most `limit`. */
  read(after = 0, limit = Number.MAX_SAFE_INTEGER): LoggedEvent[] {
    const rows = this.#sql.exec<{ seq: number; at_ms: number; body: string }>(
      "SELECT seq, at_ms, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?",
      after,
      limit,
    );
    return [...rows].map((row) => {
      const body = row.body.length < rowChars ? row.body : row.body + this.#rest(row.seq);
      return { ...JSON.parse(body), seq: row.seq, atMs: row.at_ms } as LoggedEvent;
    });
  }

  #rest(seq: number): string {
    const rows = this.#sql.exec<{ body: string }>("SELECT body FROM log_more WHERE seq = ? ORDER BY part", seq);
    return [...rows].map((row) => row.body).join("");
  }
}
