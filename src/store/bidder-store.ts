import { eq, sql } from "drizzle-orm";
import type { Refusal } from "../error.ts";
import type { Bidder } from "../market/bidder.ts";
import { bidderSchema } from "./bidder-schema.ts";
import type { Database } from "./database.ts";
import { bidders } from "./schema.ts";

/** Stored bidders at most: the market keeps a row for 64, and 16 are left for those that come with the server. */
export const maxStoredBidders = 48;

/** A bidder and where its calls go. The endpoint is the models' own JSON, which they check; it names secrets, never holds them. */
export interface StoredBidder {
  bidder: Bidder;
  endpoint: unknown;
  updatedAtMs: number;
}

/** Bidders that an operator added, in D1. */
export class BidderStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All of them, by id; `unreadable` are rows that are no bidder (any more), by id, for the operator to see. */
  async list(): Promise<{ bidders: StoredBidder[]; unreadable: string[] }> {
    const rows = await this.#db.select().from(bidders).orderBy(bidders.id);
    const readable: StoredBidder[] = [];
    const unreadable: string[] = [];
    for (const row of rows) {
      const body = bidderSchema.safeParse(parsed(row.body));
      const endpoint = parsed(row.endpoint);
      if (!body.success || endpoint === undefined) unreadable.push(row.id);
      else readable.push({ bidder: { ...body.data, enabled: row.enabled }, endpoint, updatedAtMs: row.updatedAtMs });
    }
    return { bidders: readable, unreadable };
  }

  /** Adds or replaces one. The bidder is checked here, its endpoint by the caller. null: taken. */
  async put(bidder: unknown, endpoint: unknown, nowMs: number): Promise<Refusal | null> {
    const body = bidderSchema.safeParse(bidder);
    if (!body.success) {
      const issue = body.error.issues[0];
      const field = issue?.path.join(".") ?? "";
      return { code: "invalid-bidder", message: `The bidder's "${field}" is wrong: ${issue?.message}.`, field };
    }
    const row = [body.data.id, JSON.stringify(body.data), JSON.stringify(endpoint ?? null), body.data.enabled ? 1 : 0];
    const stored = await this.#db.all<{ id: string }>(sql`
      insert into bidders (id, body, endpoint, enabled, updated_at_ms)
      select ${row[0]}, ${row[1]}, ${row[2]}, ${row[3]}, ${nowMs}
      where exists (select 1 from bidders where id = ${row[0]}) or (select count(*) from bidders) < ${maxStoredBidders}
      on conflict (id) do update set
        body = excluded.body, endpoint = excluded.endpoint, enabled = excluded.enabled, updated_at_ms = excluded.updated_at_ms
      returning id`);
    if (stored.length > 0) return null;
    return {
      code: "invalid-bidder",
      message: `There are ${maxStoredBidders} bidders already, which is the most. Delete one first.`,
      field: "id",
    };
  }

  /** false: there was none of this id. Its profile stays in the market, in case it comes back. */
  async delete(id: string): Promise<boolean> {
    const gone = await this.#db.delete(bidders).where(eq(bidders.id, id)).returning({ id: bidders.id });
    return gone.length > 0;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
