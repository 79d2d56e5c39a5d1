import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";

const dayMs = 86_400_000;
/** A queue retries for days, not months: after this no repeat of a settlement can come. */
const settledDays = 30;
/** Summaries are kept longer than the jobs they tell of. */
const jobDays = 400;
/** Rows deleted at a time, so that no statement runs long. */
const mostRows = 5_000;

/** Forgets what nothing can ask for any more. Safe to call as often as one likes. */
export async function prune(db: Database, nowMs: number): Promise<void> {
  await db.batch([
    db.run(sql`delete from settled where key in
      (select key from settled where at_ms < ${nowMs - settledDays * dayMs} limit ${mostRows})`),
    db.run(sql`delete from jobs where (tenant, created_at_ms, id) in
      (select tenant, created_at_ms, id from jobs where created_at_ms < ${nowMs - jobDays * dayMs} limit ${mostRows})`),
  ]);
}
