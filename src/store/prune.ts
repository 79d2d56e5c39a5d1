import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { forgetSettled } from "./forget-settled.ts";

/** Summaries are kept longer than the jobs they tell of, ms. */
const jobsKeptMs = 400 * 86_400_000;
/** Rows deleted at a time, so that no statement runs long. */
const mostRows = 5_000;

/** Forgets what nothing can ask for any more. For the cron; safe to call as often as one likes. */
export async function prune(db: Database, nowMs: number): Promise<void> {
  await forgetSettled(db, nowMs);
  await db.run(sql`delete from jobs where (tenant, created_at_ms, id) in
    (select tenant, created_at_ms, id from jobs where created_at_ms < ${nowMs - jobsKeptMs} limit ${mostRows})`);
}
