import { sql } from "drizzle-orm";
import { AtomicError } from "../error.ts";
import { count } from "../job/counters.ts";
import type { JobSummary, SettlementMessage } from "../job/job-summary.ts";
import type { Bidder } from "../market/bidder.ts";
import { learn } from "../market/market.ts";
import type { Settlement } from "../market/settlement.ts";

import { countersOf } from "./counters.ts";
import type { Database } from "./database.ts";
import { bodiesOf, countersPart, marketOf, partsQuery } from "./market-store.ts";
import { jobs, settled } from "./schema.ts";
import { type Before, type Revised, type Work, writesOf } from "./settle-writes.ts";
import { readSettlementMessage } from "./settlement-message.ts";

/** Tries against another consumer before the batch goes back to the queue. Each lost race is a batch the other won. */
const maxTries = 10;
/** Of why a message cannot be settled, code units. */
const mostReason = 300;

export interface SettleReport {
  /** What was new: settlements learned and jobs added, in order of time. Repeats are not in it, so telemetry counts once. */
  learned: Settlement[];
  ended: JobSummary[];
  /** Settlements dropped because they were learned before or stand twice in the batch. */
  repeated: number;
  /**
   * Messages that can never be settled whole, by index, with the reason: to be dead-lettered. Their jobs, and what was
   * well with them, were settled all the same where it can be told what job they are of.
   */
  rejected: { index: number; reason: string }[];
  /** Parts of the market that outgrew their bound and were left as they were. */
  oversized: string[];
  /** 1 unless another consumer was first. */
  tries: number;
  rowsWritten: number;
}

interface Entry {
  index: number;
  message: SettlementMessage;
}

/** A lesson that the market throws over. */
interface Poison {
  index: number;
  key: string;
  reason: string;
}

/**
 * Settles up to 100 messages in one read and one write of D1, each a single batch. A repeat changes nothing; the write
 * is one transaction that fails whole when another consumer was first, and is then made again from what that one left.
 * A later revision of a known job replaces its cost and moves its month by the difference.
 * Throws `conflict` after ten lost races, and whatever D1 throws: nothing was settled then, and the queue tries again.
 */
export async function settleBatch(
  db: Database,
  messages: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
  learnOne: typeof learn = learn,
): Promise<SettleReport> {
  let entries: Entry[] = [];
  const rejected: SettleReport["rejected"] = [];
  for (const [index, body] of messages.entries()) {
    const read = readSettlementMessage(body, nowMs);
    const faults = "reason" in read ? [read.reason] : read.faults;
    if (faults.length > 0) rejected.push({ index, reason: faults.join("; ").slice(0, mostReason) });
    if ("message" in read) entries.push({ index, message: read.message });
  }
  const given = (): number => entries.reduce((sum, e) => sum + e.message.settlements.length, 0);
  for (let tries = 1; tries <= maxTries; tries++) {
    if (entries.length === 0)
      return { learned: [], ended: [], repeated: 0, rejected, oversized: [], tries, rowsWritten: 0 };
    const before = await readBefore(db, entries);
    const { work, poison } = fold(entries, before, bidders, learnOne);
    for (const { index, reason } of poison) rejected.push({ index, reason });
    entries = withoutLessons(entries, poison);
    const write = await writesOf(db, work, before, nowMs);
    const report = { learned: work.settlements, ended: work.summaries, rejected, tries };
    const [first, ...rest] = write.items;
    if (first === undefined) return { ...report, repeated: given(), oversized: [], rowsWritten: 0 };
    try {
      const results = await db.batch([first, ...rest]);
      const rowsWritten = results.reduce<number>((sum, result) => sum + rowsIn(result), 0);
      return { ...report, repeated: given() - report.learned.length, oversized: write.oversized, rowsWritten };
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }
  throw new AtomicError("conflict", `Other consumers settled first ${maxTries} times in a row; try again.`);
}

async function readBefore(db: Database, entries: readonly Entry[]): Promise<Before> {
  const settlements = entries.flatMap((e) => e.message.settlements);
  const parts = partsOf(settlements);
  const keys = JSON.stringify([...new Set(settlements.map((s) => s.key))]);
  const wanted = JSON.stringify(entries.map(({ message: { summary: s } }) => [s.tenant, s.createdAtMs, s.id]));
  const [known, ended, stored] = await db.batch([
    db.select({ key: settled.key }).from(settled).where(sql`${settled.key} in (select value from json_each(${keys}))`),
    db
      .select({ id: jobs.id, revision: jobs.revision })
      .from(jobs)
      .where(
        sql`(${jobs.tenant}, ${jobs.createdAtMs}, ${jobs.id}) in
          (select value ->> 0, value ->> 1, value ->> 2 from json_each(${wanted}))`,
      ),
    partsQuery(db, parts),
  ]);
  return { keys: new Set(known.map((k) => k.key)), jobs: new Map(ended.map((j) => [j.id, j.revision])), parts: stored };
}

/** The parts of the market that these settlements change. */
const partsOf = (settlements: readonly Settlement[]): string[] => [
  "shared",
  countersPart,
  ...(settlements.some((s) => s.judges !== undefined && s.judges.length > 0) ? ["judges"] : []),
  ...(settlements.some((s) => s.prefixes !== undefined && s.prefixes.length > 0) ? ["breaks"] : []),
  ...new Set(settlements.map((s) => s.kind)),
];

/** Drops repeats and learns the rest, by time. What the market throws over is left out, and the fold made anew. */
function fold(entries: readonly Entry[], before: Before, bidders: readonly Bidder[], learnOne: typeof learn) {
  const poison: Poison[] = [];
  for (;;) {
    const { work, order } = newIn(withoutLessons(entries, poison), before);
    const state = marketOf(before.parts);
    const failed = order.find(({ settlement, index }) => {
      try {
        learnOne(state, settlement, bidders);
        return false;
      } catch (error) {
        const reason = `the market cannot learn it: ${error instanceof Error ? error.name : "error"}`;
        poison.push({ index, key: settlement.key, reason });
        return true;
      }
    });
    if (failed !== undefined) continue;
    work.changed = bodiesOf(state, work.settlements.length === 0 ? [] : partsOf(work.settlements));
    if (work.settlements.length + work.summaries.length > 0) {
      const counters = count(countersOf(before.parts), work.summaries, work.settlements);
      work.changed.push({ part: countersPart, body: JSON.stringify(counters) });
    }
    return { work, poison };
  }
}

/** Of what the market cannot learn the job is kept all the same: its tenant's list and chain of seals are to have it. */
function withoutLessons(entries: readonly Entry[], poison: readonly Poison[]): Entry[] {
  if (poison.length === 0) return [...entries];
  const bad = new Set(poison.map(({ index, key }) => `${index} ${key}`));
  return entries.map(({ index, message }) => ({
    index,
    message: { ...message, settlements: message.settlements.filter(({ key }) => !bad.has(`${index} ${key}`)) },
  }));
}

function newIn(entries: readonly Entry[], before: Before) {
  const keys = new Set(before.keys);
  const revisions = new Map(before.jobs);
  const revised = new Map<string, Revised>();
  const work: Work = { settlements: [], summaries: [], revised: [], fresh: [], changed: [] };
  const order: { settlement: Settlement; index: number }[] = [];
  for (const { message, index } of entries) {
    let fresh = false;
    const { summary, revision = 0, month } = message;
    const told = { ...summary, revision, ...(month === undefined ? {} : { month }) };
    const known = revisions.get(summary.id);
    if (known === undefined) {
      work.summaries.push(told);
      fresh = true;
    } else if (revision > known) revised.set(summary.id, told);
    revisions.set(summary.id, Math.max(revision, known ?? 0));
    for (const settlement of message.settlements) {
      if (keys.has(settlement.key)) continue;
      keys.add(settlement.key);
      order.push({ settlement, index });
      fresh = true;
    }
    if (fresh) work.fresh.push(message);
  }
  order.sort((a, b) => a.settlement.atMs - b.settlement.atMs || (a.settlement.key < b.settlement.key ? -1 : 1));
  work.settlements = order.map((o) => o.settlement);
  work.revised = [...revised.values()];
  return { work, order };
}

/** Every constraint of the write guards against a concurrent writer; the rows themselves were checked before. */
function isLostRace(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (/constraint failed/i.test(at.message)) return true;
  return false;
}

function rowsIn(result: unknown): number {
  const meta = (result as { meta?: { rows_written?: unknown } } | null)?.meta;
  return typeof meta?.rows_written === "number" ? meta.rows_written : 0;
}
