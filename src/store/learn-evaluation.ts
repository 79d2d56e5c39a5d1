import { sql } from "drizzle-orm";
import { sha256Hex } from "../access/mac.ts";
import { AtomicError } from "../error.ts";
import type { Bidder } from "../market/bidder.ts";
import { learn, type RowFault, type Settlement, settlementsOf } from "../market/market.ts";
import type { Database } from "./database.ts";
import { marketOf, partsQuery, writesOfChanges } from "./market-store.ts";
import { settled } from "./schema.ts";

/** Tries against the settlement consumer, which writes the same parts. */
const maxTries = 5;

export interface EvaluationReport {
  /** Rows that were learned; of inputs whose rows were learned before. */
  taken: number;
  repeated: number;
  refused: RowFault[];
}

/**
 * The market learns an evaluation in one transaction. The same rows of an input again change nothing as long as
 * keys are kept (forget-settled.ts), other rows of it are news. Throws `conflict` when the settlement consumer was faster each time.
 */
export async function learnEvaluation(
  db: Database,
  rows: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
): Promise<EvaluationReport> {
  const { settlements: told, refused } = settlementsOf(rows, bidders, nowMs);
  const settlements = await Promise.all(told.map(named));
  const keys = JSON.stringify(settlements.map(({ key }) => key));
  for (let tries = 1; ; tries++) {
    const [known, before] = await db.batch([
      db
        .select({ key: settled.key })
        .from(settled)
        .where(sql`${settled.key} in (select value from json_each(${keys}))`),
      partsQuery(db),
    ]);
    const old = new Set(known.map((row) => row.key));
    const fresh = settlements.filter(({ key }) => !old.has(key));
    const taken = rowsOf(fresh);
    const report = { taken, repeated: rowsOf(settlements) - taken, refused };
    if (fresh.length === 0) return report;
    const state = marketOf(before);
    for (const settlement of fresh) learn(state, settlement, bidders);
    const newKeys = JSON.stringify(fresh.map(({ key }) => key));
    const writes = writesOfChanges(db, before, state);
    try {
      await db.batch([db.insert(settled).select(sql`select value, ${nowMs} from json_each(${newKeys})`), ...writes]);
      return report;
    } catch (cause) {
      if (tries >= maxTries)
        throw new AtomicError("conflict", "The market is being written to; give the evaluation again.", { cause });
    }
  }
}

const rowsOf = (settlements: readonly Settlement[]): number =>
  settlements.reduce((sum, { attempts }) => sum + attempts.length, 0);

/** All that its rows say is too long for a key. */
const named = async (settlement: Settlement): Promise<Settlement> => ({
  ...settlement,
  key: `evaluation/${await sha256Hex(settlement.key)}`,
});
