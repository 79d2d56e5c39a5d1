import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { forgetSettled } from "./forget-settled.ts";

/** Rows deleted at a time, so that no statement runs long. */
const mostRows = 5_000;

/**
 * Forgets what nothing can ask for any more. `jobsKeptMs`: longer than an ended job's log is kept, which can report
 * again as long as it is there; a report whose row is gone would count twice. For the cron; call it as often as you like.
 */
export async function prune(db: Database, nowMs: number, jobsKeptMs: number): Promise<void> {
  await forgetSettled(db, nowMs);
  await db.run(sql`delete from jobs where (tenant, created_at_ms, id) in
    (select tenant, created_at_ms, id from jobs where created_at_ms < ${nowMs - jobsKeptMs}
      and coalesce(ended_at_ms, created_at_ms) < ${nowMs - jobsKeptMs} limit ${mostRows})`);
}
