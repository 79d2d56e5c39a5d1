import { type LogEnd, refuseAppend } from "../src/job/append-rule.ts";
import type { JobEvent, LoggedEvent } from "../src/job/job-event.ts";
import { isStoredAsRead, readEvent, versionOf } from "../src/job/log-version.ts";
import type { Seal } from "../src/job/seal.ts";
import { type LogPage, lineOf } from "./log-page.ts";
import { createLog, hasLog, hasTable, logTables, migrateLog } from "./log-schema.ts";
import type { LogSql, LogStorage } from "./log-storage.ts";
import { joinBody, type LongText, type SplitBody, splitBody } from "./long-bodies.ts";
import { dropWithoutTrace } from "./scrub.ts";
import { sealOf } from "./seal-log.ts";

/** Rows of the first form held this much of an event; the rest is in `log_more`. Code units. */
const firstFormChars = 500_000;

/** A page has no more rows than this, however short they are. */
const pageRows = 500;

/** A log is read for its seal in pieces of this size, code units. */
const sealChars = 1_000_000;

/** Rows that one statement writes: the platform binds 100 values at most. */
const statementRows = 16;

type Row = { seq: number; at_ms: number; v: number; body: string; long: string | null };

interface NewRow {
  seq: number;
  atMs: number;
  version: number;
  body: string;
  long: string | null;
  /** Of its long texts; they are written before it. */
  chunks: SplitBody["chunks"];
}

function rowOf(logged: LoggedEvent): NewRow {
  const { seq, atMs, ...event } = logged;
  const split = splitBody(event);
  const version = versionOf(logged);
  if (typeof split === "string") return { seq, atMs, version, body: split, long: null, chunks: [] };
  return { seq, atMs, version, body: split.body, long: JSON.stringify(split.long), chunks: split.chunks };
}

/**
 * The job log in the object's SQLite: one row an event, `seq` is the SSE id. Texts too long for a row lie in chunk
 * rows by hash, written before the event that names them and in the same commit.
 */
export class JobLog {
  readonly #storage: LogStorage;
  readonly #sql: LogSql;
  #form: "unknown" | "none" | "ready" = "unknown";
  /** The last row as it was written here; null: it must be read. */
  #end: LogEnd | null = null;

  constructor(storage: LogStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  get isEmpty(): boolean {
    return this.end === null;
  }

  /** The event that made the job; null: no log. */
  get first(): Extract<LoggedEvent, { type: "job-accepted" }> | null {
    const [event] = this.read(0, 1);
    return event?.type === "job-accepted" ? event : null;
  }

  /** The last row, read anew: another process of this object may have written it. null: no log. */
  get end(): LogEnd | null {
    return this.#isThere() ? this.#lastRow() : null;
  }

  /**
   * All of these events or, when it throws, none. Refuses a writer of an epoch that is over: each process begins with a
   * row of its own, so the next number of an older one is taken.
   */
  append(events: LoggedEvent[], epoch: number): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#mayAppend(events, epoch);
    try {
      this.#write(
        events.map((event) => rowOf(event)),
        epoch,
      );
    } catch (error) {
      this.#end = null;
      this.#mayAppend(events, epoch);
      throw error;
    }
    this.#form = "ready";
    this.#end = { seq: last.seq, epoch };
  }

  /** Events after `after` in order, at most `limit`. Throws UnreadableLog when newer code wrote one of them. */
  read(after = 0, limit = Number.MAX_SAFE_INTEGER): LoggedEvent[] {
    if (!this.#isThere()) return [];
    return [...this.#rows(after, limit)].map((row) => this.#eventOf(row));
  }

  /** The next events as lines, about `maxChars` of them and at least one; "" at the end of the log. */
  page(after: number, maxChars: number): LogPage {
    let text = "";
    let last = after;
    if (!this.#isThere()) return { text, last };
    for (const row of this.#rows(after, pageRows)) {
      text += this.#lineOf(row);
      last = row.seq;
      if (text.length >= maxChars) break;
    }
    return { text, last };
  }

  /** Of all that is in the log now; null: no log. */
  seal(): Seal | null {
    const { end } = this;
    return end === null ? null : sealOf(this.#pieces(), end.seq);
  }

  *#pieces(): Generator<string> {
    for (let { text, last } = this.page(0, sealChars); text !== ""; { text, last } = this.page(last, sealChars))
      yield text;
  }

  /** Drops the log and writes what is to be left of it, in one commit: a kill finds one of them. */
  replaceBy(rest: () => void): void {
    this.#storage.transactionSync(() => {
      rest();
      dropWithoutTrace(this.#storage, logTables);
    });
    this.#form = "unknown";
    this.#end = null;
  }

  /** Throws when these may not come next. What this process knows of the log is enough to allow, never to refuse. */
  #mayAppend(events: LoggedEvent[], epoch: number): void {
    if (this.#end !== null && refuseAppend(this.#end, events, epoch) === null) return;
    const refusal = refuseAppend(this.end, events, epoch);
    if (refusal !== null) throw new Error(`The log refused an append: ${refusal}.`);
  }

  #isThere(): boolean {
    if (this.#form === "unknown") {
      this.#form = hasLog(this.#sql) ? "ready" : "none";
      if (this.#form === "ready") this.#storage.transactionSync(() => migrateLog(this.#sql));
    }
    return this.#form === "ready";
  }

  #lastRow(): LogEnd | null {
    const [row] = this.#sql.exec<{ seq: number; epoch: number }>(
      "SELECT seq, epoch FROM log ORDER BY seq DESC LIMIT 1",
    );
    return row ?? null;
  }

  #rows(after: number, limit: number): Iterable<Row> {
    return this.#sql.exec<Row>(
      "SELECT seq, at_ms, v, body, long FROM log WHERE seq > ? ORDER BY seq LIMIT ?",
      after,
      limit,
    );
  }

  /** One statement is all or nothing by itself; a savepoint around it would cost two more. */
  #write(rows: NewRow[], epoch: number): void {
    if (this.#form === "ready" && rows.length <= statementRows && rows.every((row) => row.chunks.length === 0))
      return this.#insert(rows, epoch);
    this.#storage.transactionSync(() => {
      if (this.#form !== "ready") createLog(this.#sql);
      for (const row of rows) {
        if (row.chunks.length > 0) this.#writeChunks(row.chunks);
        this.#insert([row], epoch);
      }
    });
  }

  #insert(rows: NewRow[], epoch: number): void {
    this.#sql.exec(
      `INSERT INTO log (seq, at_ms, epoch, v, body, long) VALUES ${rows.map(() => "(?, ?, ?, ?, ?, ?)").join(", ")}`,
      ...rows.flatMap(({ seq, atMs, version, body, long }) => [seq, atMs, epoch, version, body, long]),
    );
  }

  #writeChunks(chunks: SplitBody["chunks"]): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS chunk (hash TEXT NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (hash, part)) WITHOUT ROWID",
    );
    for (const { hash, part, text } of chunks)
      this.#sql.exec("INSERT OR IGNORE INTO chunk (hash, part, text) VALUES (?, ?, ?)", hash, part, text);
  }

  /** Most rows are a line already, but for what stands in their own columns. */
  #lineOf(row: Row): string {
    if (row.long !== null || !isStoredAsRead(row.v)) return lineOf(this.#eventOf(row));
    return `${row.body.slice(0, -1)},"seq":${row.seq},"atMs":${row.at_ms}}\n`;
  }

  #eventOf(row: Row): LoggedEvent {
    const body = row.v === 1 ? row.body + this.#restOfFirstForm(row) : row.body;
    const event = JSON.parse(body) as JobEvent;
    if (row.long !== null) joinBody(event, JSON.parse(row.long) as LongText[], (hash) => this.#chunksOf(hash));
    return { ...readEvent(event, row.v), seq: row.seq, atMs: row.at_ms };
  }

  #chunksOf(hash: string): string {
    const rows = this.#sql.exec<{ text: string }>("SELECT text FROM chunk WHERE hash = ? ORDER BY part", hash);
    return [...rows].map((row) => row.text).join("");
  }

  #restOfFirstForm(row: Row): string {
    if (row.body.length < firstFormChars || !hasTable(this.#sql, "log_more")) return "";
    const rows = this.#sql.exec<{ body: string }>("SELECT body FROM log_more WHERE seq = ? ORDER BY part", row.seq);
    return [...rows].map((one) => one.body).join("");
  }
}
