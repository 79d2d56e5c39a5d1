import type { Settlement } from "../market/settlement.ts";
import type { Job } from "./job.ts";
import { examplesOf, type SettlementMessage, spoiledIn, summaryOf } from "./job-summary.ts";
import type { Seal } from "./seal.ts";

/** A message of the queue may have 128 KB; the rest is for its envelope. Bytes of JSON. */
const mostBytes = 100_000;
/** As many as the consumer takes in one message. */
const mostSettlements = 64;

/** What the market's queue is told of a job, in as many messages as it takes: each carries the summary, and the seal if it is the first time. */
export function settlementMessages(
  job: Job,
  settlements: readonly Settlement[],
  seal: Seal | null,
): SettlementMessage[] {
  const summary = { ...summaryOf(job), ...(seal === null ? {} : { seal }) };
  // An attempt is reconciled once, so this only grows; nothing else changes a cost when the job has settled.
  const revision = job.microtasks.reduce((sum, m) => sum + m.attempts.filter((a) => a.reconciled).length, 0);
  const head = revision === 0 ? { summary } : { summary, revision };
  const messages: SettlementMessage[] = [{ ...head, settlements: [], examples: [] }];
  let bytes = bytesOf(summary);
  const room = (value: unknown, count: (m: SettlementMessage) => number): SettlementMessage => {
    const size = bytesOf(value);
    const current = messages[messages.length - 1];
    if (current !== undefined && bytes + size <= mostBytes && count(current) < mostSettlements) {
      bytes += size;
      return current;
    }
    const next: SettlementMessage = { ...head, settlements: [], examples: [] };
    messages.push(next);
    bytes = bytesOf(summary) + size;
    return next;
  };
  for (const settlement of settlements) room(settlement, (m) => m.settlements.length).settlements.push(settlement);
  const [first] = messages;
  const spoiled = job.request.examples ? spoiledIn(job) : [];
  if (first !== undefined && spoiled.length > 0) first.spoiled = spoiled;
  for (const example of examplesOf(job)) room(example, (m) => m.examples.length).examples.push(example);
  return messages;
}

/** Three bytes a code unit is the most UTF-8 needs; counting them would need a platform's encoder. */
export function bytesOf(value: unknown): number {
  const text = JSON.stringify(value);
  let bytes = 0;
  for (let i = 0; i < text.length; i++) bytes += text.charCodeAt(i) < 0x80 ? 1 : 3;
  return bytes;
}
