import { keyTime, timeOfKey } from "../src/access/fast-place.ts";
import { commonVersion } from "../src/job/log-version.ts";
import { hasTable } from "./log-schema.ts";
import type { LogSql, LogStorage } from "./log-storage.ts";
import { cut, longBody } from "./long-bodies.ts";

/** An ended job as its shard keeps it. */
export interface ShardRow {
  key: string;
  tenant: string;
  /** Version its events were written in. */
  version: number;
  /** Its log, an event a line. */
  lines: string;
}

/**
 * Logs of ended jobs, a row each. Keys begin with the time of the job, so that rows lie in the order of time and the
 * oldest are found without an index; the one of what is still owed to somebody is short.
 */
export class ShardRows {
  readonly #storage: LogStorage;
  readonly #sql: LogSql;
  #ready: boolean;

  constructor(storage: LogStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#ready = hasTable(storage.sql, "job");
  }

  /** A new row, owed to somebody. false: it is there already. */
  put({ key, tenant, lines }: Omit<ShardRow, "version">): boolean {
    this.#make();
    if (this.#has(key)) return false;
    const insert = (first: string) =>
      this.#sql.exec(
        "INSERT INTO job (key, tenant, owed, v, lines) VALUES (?, ?, 1, ?, ?)",
        key,
        tenant,
        commonVersion,
        first,
      );
    if (lines.length <= longBody) insert(lines);
    // One that lacked a part would be there already when it comes again.
    else
      this.#storage.transactionSync(() => {
        insert("");
        this.#addParts(key, lines);
      });
    return true;
  }

  get(key: string): ShardRow | null {
    if (!this.#ready) return null;
    const [row] = this.#sql.exec<{ tenant: string; v: number; lines: string }>(
      "SELECT tenant, v, lines FROM job WHERE key = ?",
      key,
    );
    if (row === undefined) return null;
    return { key, tenant: row.tenant, version: row.v, lines: row.lines === "" ? this.#parts(key) : row.lines };
  }

  /** More lines of a log; `owed`: somebody has to be told of it. */
  append(key: string, lines: string, owed: boolean): void {
    const [row] = this.#sql.exec<{ lines: string }>("SELECT lines FROM job WHERE key = ?", key);
    if (row === undefined) throw new Error("There is no such job to write to.");
    this.#storage.transactionSync(() => {
      if (row.lines !== "") {
        // A longer row lies elsewhere, and the place of the shorter one keeps what is in it.
        this.#overwrite(key);
        this.#sql.exec("UPDATE job SET lines = ?, owed = ? WHERE key = ?", row.lines + lines, owed ? 1 : 0, key);
        return;
      }
      this.#sql.exec("UPDATE job SET owed = ? WHERE key = ?", owed ? 1 : 0, key);
      this.#addParts(key, lines);
    });
  }

  /** Keys of jobs that are owed to somebody, oldest first, at most `limit`. */
  owed(limit: number): string[] {
    if (!this.#ready) return [];
    return [...this.#sql.exec<{ key: string }>("SELECT key FROM job WHERE owed = 1 ORDER BY key LIMIT ?", limit)].map(
      ({ key }) => key,
    );
  }

  /** Deletes the oldest logs of jobs made before `ms`, at most `limit`; what is owed stays. true: there are more. */
  forget(ms: number, limit: number): boolean {
    if (!this.#ready) return false;
    const old = [
      ...this.#sql.exec<{ key: string }>(
        "SELECT key FROM job WHERE key < ? AND owed = 0 ORDER BY key LIMIT ?",
        keyTime(ms),
        limit,
      ),
    ];
    for (const { key } of old) this.erase(key);
    return old.length === limit;
  }

  /**
   * SQLite leaves what is deleted in the free space of its file, and objects may not set `secure_delete`: texts are
   * overwritten first, by as many bytes of the same type, which SQLite writes where the old ones are. Copies that it
   * left behind when a page was divided stay until their space is used again.
   */
  erase(key: string): void {
    this.#overwrite(key);
    this.#sql.exec("DELETE FROM job WHERE key = ?", key);
    if (!hasTable(this.#sql, "part")) return;
    this.#sql.exec("UPDATE part SET text = CAST(zeroblob(octet_length(text)) AS TEXT) WHERE key = ?", key);
    this.#sql.exec("DELETE FROM part WHERE key = ?", key);
  }

  /** When the oldest job here was made, epoch ms; null: there is none. */
  get oldestMs(): number | null {
    if (!this.#ready) return null;
    const [row] = this.#sql.exec<{ key: string }>("SELECT key FROM job ORDER BY key LIMIT 1");
    return row === undefined ? null : timeOfKey(row.key);
  }

  #overwrite(key: string): void {
    this.#sql.exec("UPDATE job SET lines = CAST(zeroblob(octet_length(lines)) AS TEXT) WHERE key = ?", key);
  }

  #has(key: string): boolean {
    return [...this.#sql.exec("SELECT 1 FROM job WHERE key = ?", key)].length > 0;
  }

  #make(): void {
    if (this.#ready) return;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS job (key TEXT PRIMARY KEY, tenant TEXT NOT NULL, owed INTEGER NOT NULL, v INTEGER NOT NULL, lines TEXT NOT NULL) WITHOUT ROWID",
    );
    this.#sql.exec("CREATE INDEX IF NOT EXISTS owed ON job (key) WHERE owed = 1");
    this.#ready = true;
  }

  #addParts(key: string, lines: string): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS part (key TEXT NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (key, n)) WITHOUT ROWID",
    );
    for (const text of cut(lines))
      this.#sql.exec(
        "INSERT INTO part (key, n, text) VALUES (?, (SELECT COALESCE(MAX(n), 0) + 1 FROM part WHERE key = ?), ?)",
        key,
        key,
        text,
      );
  }

  #parts(key: string): string {
    if (!hasTable(this.#sql, "part")) return "";
    const rows = this.#sql.exec<{ text: string }>("SELECT text FROM part WHERE key = ? ORDER BY n", key);
    return [...rows].map(({ text }) => text).join("");
  }
}
