import type { LogSql } from "./log-storage.ts";

/** The newest form of the log's tables. Chunks of long texts have theirs made when the first one comes. */
const newest =
  "CREATE TABLE log (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, epoch INTEGER NOT NULL, v INTEGER NOT NULL, body TEXT NOT NULL, long TEXT)";

/** All tables that a log of any form may have. */
export const logTables = ["log", "chunk", "log_more"] as const;

/**
 * Steps from older forms, told apart by a column the step adds: a row that says the version would be one more row
 * written for every job. Form 1 had neither epochs nor versions, and rest of long events in `log_more`.
 */
const steps = [
  {
    adds: "epoch",
    run: [
      "ALTER TABLE log ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
      "ALTER TABLE log ADD COLUMN v INTEGER NOT NULL DEFAULT 1",
      "ALTER TABLE log ADD COLUMN long TEXT",
    ],
  },
];

/** Is there a log at all? Writes nothing: a look at an object that was deleted must not bring it back. */
export const hasLog = (sql: LogSql): boolean => hasTable(sql, "log");

export const hasTable = (sql: LogSql, name: string): boolean =>
  [...sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name)].length > 0;

/** Makes the tables, or throws when they are there: another process of this object was first. */
export const createLog = (sql: LogSql): void => void sql.exec(newest);

/** Brings a log's tables to the newest form. Synchronous: part of the commit it is called in. */
export function migrateLog(sql: LogSql): void {
  const columns = new Set([...sql.exec<{ name: string }>("PRAGMA table_info(log)")].map((column) => column.name));
  for (const step of steps) if (!columns.has(step.adds)) for (const statement of step.run) sql.exec(statement);
}
