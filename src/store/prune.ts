import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { forgetSettled } from "./forget-settled.ts";
import { inSlices, type Slices } from "./in-slices.ts";

/** What is forgotten of a table, and that it could not be. */
export interface Unpruned {
  step: "settled" | "jobs";
  error: unknown;
}

/**
 * Forgets what nothing can ask for any more. `jobsKeptMs`: longer than an ended job's log is kept, which can report
 * again as long as it is there; a report whose row is gone would count twice. For the cron; call it as often as you like.
 * A step that fails stops no other: what failed is returned, and is tried again the next time.
 */
export async function prune(db: Database, nowMs: number, jobsKeptMs: number, slices?: Slices): Promise<Unpruned[]> {
  const steps: { [step in Unpruned["step"]]: () => Promise<number> } = {
    settled: () => forgetSettled(db, nowMs, slices),
    jobs: () => forgetJobs(db, nowMs - jobsKeptMs, slices),
  };
  const failed: Unpruned[] = [];
  for (const step of ["settled", "jobs"] as const)
    try {
      await steps[step]();
    } catch (error) {
      failed.push({ step, error });
    }
  return failed;
}

/** Deletes summaries of jobs that were made, and had ended, before a time; returns how many. */
const forgetJobs = (db: Database, beforeMs: number, slices?: Slices): Promise<number> =>
  inSlices(async (rows) => {
    const result = await db.run(sql`delete from jobs where (tenant, created_at_ms, id) in
      (select tenant, created_at_ms, id from jobs where created_at_ms < ${beforeMs}
        and coalesce(ended_at_ms, created_at_ms) < ${beforeMs} limit ${rows})`);
    return result.meta.changes;
  }, slices);
