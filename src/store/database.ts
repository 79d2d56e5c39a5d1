import type { D1Database } from "@cloudflare/workers-types";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

export type Database = DrizzleD1Database;

/** Opens a D1 binding for the stores of this folder. Costs nothing until a query runs. */
export const openDatabase = (binding: D1Database): Database => drizzle(binding);

/** The bookmark of this isolate's newest write; made once, shared by its requests. */
export interface LastWrite {
  bookmark: string | null;
}

/**
 * A D1 session for one request: it reads the nearest replica that has this isolate's own writes, and writes to the
 * primary. `wrote` is called after a write, so that later requests of this isolate see it.
 */
export function openSession(binding: D1Database, last: LastWrite): { db: Database; wrote: () => void } {
  const session = binding.withSession(last.bookmark ?? "first-unconstrained");
  return {
    // What drizzle calls of a database, a session has too: prepare and batch.
    db: drizzle(session as unknown as D1Database),
    wrote: () => {
      last.bookmark = session.getBookmark() ?? last.bookmark;
    },
  };
}
