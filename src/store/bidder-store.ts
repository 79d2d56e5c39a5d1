import { and, eq, ne, sql } from "drizzle-orm";
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

/** An operator's word on a bidder that comes with the server: a row of its id without a bidder. */
export interface BidderSwitch {
  id: string;
  enabled: boolean;
}

/** What a row without a bidder holds; code from before there were switches leaves it alone as unreadable. */
const nothing = "null";

/** Bidders that an operator added, in D1, and switches of those it did not. */
export class BidderStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All of them, by id; `switches` are of those that are not stored; `unreadable` are rows that are no bidder (any more), by id, for the operator to see. */
  async list(): Promise<{ bidders: StoredBidder[]; switches: BidderSwitch[]; unreadable: string[] }> {
    const rows = await this.#db.select().from(bidders).orderBy(bidders.id);
    const readable: StoredBidder[] = [];
    const switches: BidderSwitch[] = [];
    const unreadable: string[] = [];
    for (const row of rows) {
      if (row.body === nothing) {
        switches.push({ id: row.id, enabled: row.enabled });
        continue;
      }
      const body = bidderSchema.safeParse(parsed(row.body));
      const endpoint = parsed(row.endpoint);
      if (!body.success || endpoint === undefined) unreadable.push(row.id);
      else readable.push({ bidder: { ...body.data, enabled: row.enabled }, endpoint, updatedAtMs: row.updatedAtMs });
    }
    return { bidders: readable, switches, unreadable };
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
      where exists (select 1 from bidders where id = ${row[0]} and body <> ${nothing})
        or (select count(*) from bidders where body <> ${nothing}) < ${maxStoredBidders}
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

  /** Switches a bidder on or off, whoever added it. That there is one is checked by the caller. */
  async switch(id: string, enabled: boolean, nowMs: number): Promise<void> {
    await this.#db
      .insert(bidders)
      .values({ id, body: nothing, endpoint: nothing, enabled, updatedAtMs: nowMs })
      .onConflictDoUpdate({ target: bidders.id, set: { enabled, updatedAtMs: nowMs } });
  }

  /** Whoever was switched on or off is as it was before. true, also where it was not. */
  async forgetSwitch(id: string): Promise<true> {
    await this.#db.delete(bidders).where(and(eq(bidders.id, id), eq(bidders.body, nothing)));
    return true;
  }

  /** false: none of this id is stored. Its profile stays in the market, in case it comes back. */
  async delete(id: string): Promise<boolean> {
    const stored = and(eq(bidders.id, id), ne(bidders.body, nothing));
    const gone = await this.#db.delete(bidders).where(stored).returning({ id: bidders.id });
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
