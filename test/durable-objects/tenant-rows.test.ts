import { expect, it } from "vitest";
import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import { lendStarts, startCountsMs } from "../../src/access/starts.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

it("loans of starts are few rows however many Workers ask, count no shorter, and are forgotten", () => {
  const rows = new SqlTenantRows(new SqliteStorage());
  const perMinute = 3_000;
  const startMs = 1_800_000_000_123;
  const lentAt: number[] = [];
  // Each Worker asks for one: nobody has two jobs of this tenant in two seconds.
  for (let nowMs = startMs; nowMs < startMs + 150_000; nowMs += 15) {
    const lent = lendStarts(rows.loans(), perMinute, 1, nowMs);
    if (lent.jobs === 0) continue;
    rows.putLoan({ jobs: lent.jobs, untilMs: nowMs + lent.forMs }, nowMs - startCountsMs);
    lentAt.push(nowMs);
    expect(rows.loans().length).toBeLessThanOrEqual(125);
  }
  expect(lentAt.length).toBeGreaterThan(2 * perMinute);
  // Used at the last moment of one loan and the first of another they are still no more than the rate.
  lentAt.forEach((atMs, i) => {
    const next = lentAt[i + perMinute];
    if (next !== undefined) expect(next).toBeGreaterThanOrEqual(atMs + 2_000 + startCountsMs);
  });
});
