import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { retentionMs, summaryKeptMs } from "../../durable-objects/tombstone.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { JobList } from "../../src/store/job-list.ts";
import { prune } from "../../src/store/prune.ts";
import { settleBatch } from "../../src/store/settle-batch.ts";
import { dump, localD1, wipe } from "./local-d1.ts";
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
beforeEach(() => wipe(d1));

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

  describe("of more than one statement deletes", () => {
    /** So many jobs and lessons, and one of each that is young, as it is 401 days later. */
    async function settledLongAgo(many: number): Promise<number> {
      const old = Array.from({ length: many }, (_, n) => message(n, { tenant: "old", createdAtMs: nowMs }));
      const laterMs = nowMs + 401 * dayMs;
      await settleBatch(db, old, bidders, nowMs);
      await settleBatch(db, [message(many, { tenant: "young", createdAtMs: laterMs })], bidders, laterMs);
      return laterMs;
    }
    const left = async () => {
      const { jobs, settled } = await dump(d1);
      return { jobs: jobs.length, settled: settled.length };
    };

    it("goes on until nothing old is left", async () => {
      const laterMs = await settledLongAgo(7);
      expect(await left()).toEqual({ jobs: 8, settled: 8 });
      expect(await prune(db, laterMs, summaryKeptMs(undefined), { rows: 2, most: 50 })).toEqual([]);
      expect(await left()).toEqual({ jobs: 1, settled: 1 });
    });

    it("leaves the rest of a great many to the next run", async () => {
      const laterMs = await settledLongAgo(7);
      const run = () => prune(db, laterMs, summaryKeptMs(undefined), { rows: 2, most: 2 });
      await run();
      expect(await left()).toEqual({ jobs: 4, settled: 4 });
      await run();
      expect(await left()).toEqual({ jobs: 1, settled: 1 });
    });

    it.each([
      ["settled", { jobs: 1, settled: 8 }],
      ["jobs", { jobs: 8, settled: 1 }],
    ] as const)("empties the other tables while %s cannot be read, and tells of it", async (step, rest) => {
      const laterMs = await settledLongAgo(7);
      const broken = new Proxy(d1, {
        get(target, key) {
          if (key !== "prepare") return Reflect.get(target, key);
          return (statement: string) => {
            if (statement.includes(`from ${step} `)) throw new Error("D1_ERROR: it ran too long");
            return target.prepare(statement);
          };
        },
      });
      const failed = await prune(openDatabase(broken), laterMs, summaryKeptMs(undefined));
      expect(failed).toEqual([{ step, error: expect.any(Error) }]);
      expect(await left()).toEqual(rest);
    });
  });
});
