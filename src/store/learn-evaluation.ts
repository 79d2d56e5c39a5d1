import { sql } from "drizzle-orm";
import { sha256Hex } from "../access/mac.ts";
import { AtomicError } from "../error.ts";
import type { Bidder } from "../market/bidder.ts";
import { type AttemptReport, learn, type RowFault, type Settlement, settlementsOf } from "../market/market.ts";
import type { Database } from "./database.ts";
import { marketOf, partsQuery, writesOfChanges } from "./market-store.ts";
import { settled } from "./schema.ts";

/** Tries against the settlement consumer, which writes the same parts. */
const maxTries = 5;

export interface EvaluationReport {
  /** Rows that were learned, and that were before. */
  taken: number;
  repeated: number;
  refused: RowFault[];
}

/**
 * The market learns an evaluation in one transaction. The same row again changes nothing as long as keys are kept
 * (forget-settled.ts). Throws `conflict` when the settlement consumer was faster each time.
 */
export async function learnEvaluation(
  db: Database,
  rows: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
): Promise<EvaluationReport> {
  const { settlements, refused } = settlementsOf(rows, bidders, nowMs);
  const keyOf = await keysOf(settlements);
  const keys = JSON.stringify([...keyOf.values()]);
  for (let tries = 1; ; tries++) {
    const [known, before] = await db.batch([
      db
        .select({ key: settled.key })
        .from(settled)
        .where(sql`${settled.key} in (select value from json_each(${keys}))`),
      partsQuery(db),
    ]);
    const old = new Set(known.map((row) => row.key));
    const isNew = ({ attempt }: AttemptReport) => !old.has(keyOf.get(attempt) ?? "");
    const fresh = settlements.map((one) => ({ ...one, attempts: one.attempts.filter(isNew) }));
    const newKeys = [...keyOf.values()].filter((key) => !old.has(key));
    const report = { taken: newKeys.length, repeated: keyOf.size - newKeys.length, refused };
    if (newKeys.length === 0) return report;
    const state = marketOf(before);
    for (const settlement of fresh) if (settlement.attempts.length > 0) learn(state, settlement, bidders);
    const writes = writesOfChanges(db, before, state);
    try {
      await db.batch([
        db.insert(settled).select(sql`select value, ${nowMs} from json_each(${JSON.stringify(newKeys)})`),
        ...writes,
      ]);
      return report;
    } catch (cause) {
      if (tries >= maxTries)
        throw new AtomicError("conflict", "The market is being written to; give the evaluation again.", { cause });
    }
  }
}

/** All that a row says is too long for a key. */
async function keysOf(settlements: readonly Settlement[]): Promise<Map<string, string>> {
  const names = settlements.flatMap(({ attempts }) => attempts.map(({ attempt }) => attempt));
  const hashes = await Promise.all(names.map(sha256Hex));
  return new Map(names.map((name, i) => [name, `evaluation/${hashes[i]}`]));
}
