import type { AtomicEnv } from "../env.ts";
import { dataPoints } from "../observe/data-point.ts";
import { openDatabase } from "../store/database.ts";
import { settleBatch } from "../store/settle-batch.ts";
import { marketSnapshot } from "./market-snapshot.ts";

/**
 * Settles messages in one write of D1, and tells why some never can be, by index: their jobs' logs have all of it.
 * Throws what D1 throws: then nothing was settled.
 */
export async function settleNow(
  env: AtomicEnv,
  messages: readonly unknown[],
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Map<number, string>> {
  const { bidders } = await marketSnapshot(env, null, keepAlive);
  const report = await settleBatch(openDatabase(env.DB), messages, bidders, Date.now());
  for (const part of report.oversized) console.error(JSON.stringify({ event: "market-part-oversized", part }));
  for (const point of dataPoints(report.ended, report.learned)) env.ANALYTICS.writeDataPoint(point);
  for (const { index, reason } of report.rejected)
    console.error(JSON.stringify({ event: "settlement-rejected", job: jobOf(messages[index]), reason }));
  return new Map(report.rejected.map(({ index, reason }) => [index, reason]));
}

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
  const rejected = await settleNow(
    env,
    batch.messages.map((m) => m.body),
    keepAlive,
  );
  for (const [index, message] of batch.messages.entries()) {
    if (rejected.has(index)) message.retry({ delaySeconds: 60 });
    else message.ack();
  }
}

/** Of a message that is not what it should be. */
function jobOf(message: unknown): string {
  const id = (message as { summary?: { id?: unknown } } | null | undefined)?.summary?.id;
  return typeof id === "string" ? id.slice(0, 256) : "unknown";
}
