import type { AtomicEnv } from "../env.ts";
import { openDatabase } from "../store/database.ts";
import { settleBatch } from "../store/settle-batch.ts";
import { marketSnapshot } from "./market-snapshot.ts";

/**
 * The market's queue: one consumer, one write of D1 a batch. What can never be settled is named and dropped; anything
 * else that fails goes back to the queue whole, and repeats are dropped by key.
 */
export async function takeSettlements(
  batch: MessageBatch,
  env: AtomicEnv,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<void> {
  const { bidders } = await marketSnapshot(env, null, keepAlive);
  const report = await settleBatch(
    openDatabase(env.DB),
    batch.messages.map((m) => m.body),
    bidders,
    Date.now(),
  );
  for (const { index, reason } of report.rejected)
    console.error(JSON.stringify({ event: "settlement-rejected", message: batch.messages[index]?.id, reason }));
  for (const part of report.oversized) console.error(JSON.stringify({ event: "market-part-oversized", part }));
  batch.ackAll();
}
