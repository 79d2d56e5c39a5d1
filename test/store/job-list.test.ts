import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { JobList, type JobListing, type JobPage } from "../../src/store/job-list.ts";
import { localD1 } from "./local-d1.ts";

let d1: D1Database;
let stop: () => Promise<void>;
beforeAll(async () => {
  ({ d1, stop } = await localD1());
}, 30_000);
afterAll(() => stop());

it("lists the jobs of one status, however rare, a bounded number of rows at a time", async () => {
  await d1
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4199)
       INSERT INTO jobs (tenant, created_at_ms, id, status, kind, plan, via, microtasks, attempts, cost_nano, saved_nano, saved_tokens)
       SELECT 't', 1000 + i / 2, printf('job_%04d', i), CASE WHEN i IN (0, 2100, 4150) THEN 'failed' ELSE 'succeeded' END,
         'answer', 'none', 'http', 1, 1, 0, 0, 0 FROM n`,
    )
    .run();
  const list = new JobList(openDatabase(d1));
  const pagesOf = async (page: Omit<JobPage, "after">, most: number): Promise<string[][]> => {
    const pages: string[][] = [];
    for (let after: JobPage["after"] = null; pages.length < most; ) {
      const { jobs, next }: JobListing = await list.list("t", { ...page, after });
      pages.push(jobs.map(({ id }) => id));
      if (next === null) break;
      after = next;
    }
    return pages;
  };
  // 2,000 are looked through for a page: 4199 to 2200, 2199 to 200, the rest.
  expect(await pagesOf({ limit: 2, status: "failed" }, 9)).toEqual([["job_4150"], ["job_2100"], ["job_0000"]]);
  // A page that is full ends at its last job, and the next one looks through 2,000 from there.
  const ones = await pagesOf({ limit: 1, status: "failed" }, 9);
  expect(ones).toEqual([["job_4150"], [], ["job_2100"], [], ["job_0000"], []]);
  expect(await pagesOf({ limit: 2, status: "succeeded" }, 1)).toEqual([["job_4199", "job_4198"]]);
  expect(await pagesOf({ limit: 9, status: "parked" }, 9)).toEqual([[], [], []]);
  const all = (await pagesOf({ limit: 199 }, 99)).flat();
  expect(all).toHaveLength(4200);
  expect(new Set(all).size).toBe(4200);
});
