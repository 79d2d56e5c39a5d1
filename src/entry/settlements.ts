import type { AtomicEnv } from "../env.ts";
import { dataPoints } from "../observe/data-point.ts";
import { openDatabase } from "../store/database.ts";
import { settleBatch } from "../store/settle-batch.ts";
import { marketSnapshot } from "./market-snapshot.ts";

/**
 * The market's queue: one consumer, one write of D1 a batch. A message that can never be settled goes through its
 * retries to the dead-letter queue alone; when anything else fails the whole batch comes again, and repeats are
 * dropped by key.
 */
export async function takeSettlements(
  batch: MessageBatch,
  env: AtomicEnv,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<void> {
  const { bidders } = await marketSnapshot(env, null, keepAlive);
  const bodies = batch.messages.map((m) => m.body);
  const report = await settleBatch(openDatabase(env.DB), bodies, bidders, Date.now());
  for (const part of report.oversized) console.error(JSON.stringify({ event: "market-part-oversized", part }));
  for (const point of dataPoints(report.ended, report.learned)) env.ANALYTICS.writeDataPoint(point);
  const reasons = new Map(report.rejected.map(({ index, reason }) => [index, reason]));
  for (const [index, message] of batch.messages.entries()) {
    const reason = reasons.get(index);
    if (reason === undefined) message.ack();
    else {
      console.error(JSON.stringify({ event: "settlement-rejected", message: message.id, reason }));
      message.retry({ delaySeconds: 60 });
    }
  }
}
