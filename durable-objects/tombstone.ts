import type { Job } from "../src/job/job.ts";
import type { JobSummary } from "../src/job/job-summary.ts";
import { hasTable } from "./log-schema.ts";
import type { LogSql } from "./log-storage.ts";

const dayMs = 86_400_000;
const defaultDays = 30;
/** A tombstone is kept as long as the summaries in D1; then nothing is left of the object, ms. */
export const tombstoneMs = 400 * dayMs;

/** How long an ended job's log is kept, ms. Setting: ATOMIC_RETENTION_DAYS, fractions allowed; nonsense is the default. */
export function retentionMs(days: string | undefined): number {
  const given = days === undefined || days.trim() === "" ? Number.NaN : Number(days);
  return (given >= 0 && given <= 3650 ? given : defaultDays) * dayMs;
}

/** When an ended job's log is deleted, epoch ms. */
export const keptUntilMs = (job: Job, days: string | undefined): number =>
  (job.endedAtMs ?? job.acceptedAtMs) + retentionMs(days);

/**
 * How long a tenant knows that a job has settled, ms: longer than the job's log is kept, which alone can report again.
 * A report that nobody remembers would count the job's cost twice.
 */
export const rememberedMs = (days: string | undefined): number => Math.max(45 * dayMs, retentionMs(days) + 15 * dayMs);

/** How long D1 has an ended job's summary, ms: never shorter than its log is there, for the same reason. */
export const summaryKeptMs = (days: string | undefined): number => Math.max(tombstoneMs, rememberedMs(days));

/** What is left of a job when its log is deleted: a summary without content, in one row. */
export class Tombstone {
  readonly #sql: LogSql;

  constructor(sql: LogSql) {
    this.#sql = sql;
  }

  read(): JobSummary | null {
    if (!hasTable(this.#sql, "tombstone")) return null;
    const [row] = this.#sql.exec<{ summary: string }>("SELECT summary FROM tombstone");
    return row === undefined ? null : (JSON.parse(row.summary) as JobSummary);
  }

  write(summary: JobSummary): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS tombstone (one INTEGER PRIMARY KEY, summary TEXT NOT NULL)");
    this.#sql.exec("INSERT OR REPLACE INTO tombstone (one, summary) VALUES (1, ?)", JSON.stringify(summary));
  }
}
