import { AtomicError } from "../error.ts";
import type { Bidder } from "../market/bidder.ts";
import { seedPriors } from "../market/market.ts";
import type { Database } from "./database.ts";
import { marketOf, partsQuery, writesOfChanges } from "./market-store.ts";

/** Tries against the settlement consumer, which writes the same parts. */
const maxTries = 5;

/**
 * Puts rows of prior knowledge into the stored market, in one transaction. Rows that cannot be right are refused by
 * number, field and reason, and the others taken. Throws `conflict` when the settlement consumer was faster each time.
 */
export async function seedMarket(
  db: Database,
  rows: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
): Promise<ReturnType<typeof seedPriors>> {
  for (let tries = 1; ; tries++) {
    const before = await partsQuery(db);
    const state = marketOf(before);
    const result = seedPriors(state, rows, bidders, nowMs);
    if (result.taken === 0) return result;
    const writes = writesOfChanges(db, before, state);
    const [first, ...rest] = writes;
    if (first === undefined) return result;
    try {
      await db.batch([first, ...rest]);
      return result;
    } catch (cause) {
      if (tries >= maxTries)
        throw new AtomicError("conflict", "The market is being written to; seed it again.", { cause });
    }
  }
}
