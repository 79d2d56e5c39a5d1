import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { retentionMs, summaryKeptMs } from "../../durable-objects/tombstone.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { JobList } from "../../src/store/job-list.ts";
import { prune } from "../../src/store/prune.ts";
import { settleBatch } from "../../src/store/settle-batch.ts";
import { localD1 } from "./local-d1.ts";
import { bidders, message, nowMs } from "./messages.ts";

const dayMs = 86_400_000;
let d1: D1Database;
let db: Database;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ d1, stop } = await localD1());
  db = openDatabase(d1);
}, 30_000);
afterAll(() => stop());

describe("pruning", () => {
  it.each([
    ["a log kept for ten years", "3650", 0, 3640],
    ["a job that waited for a year before it ended", "30", 380, 405],
  ])("counts no job twice that reports again: %s", async (_what, days, tookDays, atDays) => {
    const tenant = `tenant-${days}`;
    const made = message(Number(days), { tenant, createdAtMs: nowMs, endedAtMs: nowMs + tookDays * dayMs });
    const first = { ...made, settlements: [] };
    await settleBatch(db, [first], bidders, nowMs);
    const laterMs = nowMs + atDays * dayMs;
    // Its log is still there, and so it can report: a cost was reconciled.
    expect(laterMs).toBeLessThan(nowMs + tookDays * dayMs + retentionMs(days));
    await prune(db, laterMs, summaryKeptMs(days));
    const again = { ...first, revision: 1, summary: { ...first.summary, costNano: first.summary.costNano + 5 } };
    await settleBatch(db, [again], bidders, laterMs);
    const months = await new JobList(db).usage(tenant);
    expect(months.reduce((sum, month) => sum + month.jobs, 0)).toBe(1);
    expect(months.reduce((sum, month) => sum + month.costNano, 0)).toBe(first.summary.costNano + 5);
  });

  it("forgets a summary when its log is long gone", async () => {
    const tenant = "old";
    const old = message(7, { tenant, createdAtMs: nowMs, endedAtMs: nowMs + 1 });
    await settleBatch(db, [{ ...old, settlements: [] }], bidders, nowMs);
    await prune(db, nowMs + 401 * dayMs, summaryKeptMs(undefined));
    expect(await new JobList(db).list(tenant, { limit: 10, after: null })).toEqual({ jobs: [], next: null });
  });
});
