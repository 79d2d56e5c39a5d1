import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { inSlices, type Slices } from "./in-slices.ts";

/** Keys are kept this long, ms: twice the 14 days that a queue, and then its dead-letter queue, may hold a message. */
export const settledKeptMs = 2 * 2 * 14 * 86_400_000;

/**
 * Deletes keys of settlements that can no longer come again; returns how many. For the cron. There is no index by time
 * (it would be a second row billed for each): the slice that is not full has read the whole table.
 */
export const forgetSettled = (db: Database, nowMs: number, slices?: Slices): Promise<number> =>
  inSlices(async (rows) => {
    const result = await db.run(sql`delete from settled where key in
      (select key from settled where at_ms < ${nowMs - settledKeptMs} limit ${rows})`);
    return result.meta.changes;
  }, slices);
