import { lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { settled } from "./schema.ts";

/** Keys are kept this long, ms: twice the 14 days that a queue, and then its dead-letter queue, may hold a message. */
export const settledKeptMs = 2 * 2 * 14 * 86_400_000;

/** Deletes keys of settlements that can no longer come again; returns how many. For the cron; reads the whole table. */
export async function forgetSettled(db: Database, nowMs: number): Promise<number> {
  const result = await db.delete(settled).where(lt(settled.atMs, nowMs - settledKeptMs));
  return result.meta.changes;
}
