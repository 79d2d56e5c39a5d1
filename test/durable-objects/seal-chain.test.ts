import { expect, it } from "vitest";
import { chained, takeBills } from "../../durable-objects/seal-chain.ts";
import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import type { Seal } from "../../src/job/seal.ts";
import { TenantLedger } from "../../src/money/tenant-ledger.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

it("rows that were made before seals were chained have no place, and later ones keep theirs", () => {
  const { sql } = new SqliteStorage();
  sql.exec(
    "CREATE TABLE settled (job TEXT PRIMARY KEY, month TEXT NOT NULL, cost_nano INTEGER NOT NULL, charge_nano INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID",
  );
  sql.exec("INSERT INTO settled VALUES ('old', '2026-10', 7, 7, 1)");
  for (const _ of ["upgraded", "opened again"]) {
    const rows = new SqlTenantRows(sql);
    expect(rows.settled("old")).toEqual({ month: "2026-10", costNano: 7, chargeNano: 7, atMs: 1, seal: null });
    expect(rows.chainHead()).toBeNull();
  }
  const rows = new SqlTenantRows(sql);
  const ledger = new TenantLedger(rows);
  const seal = { events: 7, sha256: "b".repeat(64), place: { n: 1, link: "a".repeat(64) } };
  ledger.settle("new", null, { costNano: 1, chargeNano: 1, seal }, 1_790_000_000_000);
  rows.putChainHead(seal.place);
  // A correction of its cost comes without one.
  ledger.settle("new", null, { costNano: 2, chargeNano: 2 }, 1_790_000_000_001);
  const again = new SqlTenantRows(sql);
  expect(again.settled("new")).toMatchObject({ costNano: 2, seal });
  expect(again.chainHead()).toEqual(seal.place);
});

it("a job has one place in the chain, however often it settles, and the next one follows from it", () => {
  const { sql } = new SqliteStorage();
  const seal = { events: 9, sha256: "5".repeat(64) };
  const bill = (job: string, its: Seal | null = seal) => ({
    ...{ job, tenant: "acme", slice: null, costNano: 5, chargeNano: 5, answered: true, tookMs: 10 },
    seal: its,
  });
  const fresh: string[] = [];
  const take = (...bills: ReturnType<typeof bill>[]) => {
    const rows = new SqlTenantRows(sql);
    return takeBills(rows, new TenantLedger(rows), bills, 1_790_000_000_000, ({ job }) => void fresh.push(job));
  };
  const one = chained(null, "acme", "one", seal);
  const two = chained(one.place, "acme", "two", seal);
  const three = chained(two.place, "acme", "three", seal);
  expect(new Set([one, two, three, chained(one.place, "other", "two", seal)].map(({ place }) => place.link)).size).toBe(
    4,
  );
  expect(take(bill("one"), bill("one"), bill("two"))).toEqual([one, one, two]);
  // The queue may have refused what came with it, and the job's log have grown since by a restart: two stands on the first seal.
  expect(take(bill("one", { events: 10, sha256: "6".repeat(64) }))).toEqual([one]);
  // A correction comes without a seal.
  expect(take(bill("two", null), bill("bare", null), bill("three"))).toEqual([two, null, three]);
  // It was booked without one: a place now would be out of order for who has read the chain.
  expect(take(bill("bare"))).toEqual([null]);
  expect(new SqlTenantRows(sql).chainHead()).toEqual(three.place);
  expect(fresh).toEqual(["one", "two", "bare", "three"]);
});
