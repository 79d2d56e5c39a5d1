import { describe, expect, it } from "vitest";
import { chained, takeBills } from "../../durable-objects/seal-chain.ts";
import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import { type ChainEnd, noEnd, type Seal } from "../../src/job/seal.ts";
import { TenantLedger } from "../../src/money/tenant-ledger.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

const about = { tenant: "acme", status: "succeeded", endedAtMs: 1_790_000_000_000 };
const seal: Seal = { events: 9, sha256: "5".repeat(64) };
const bill = (job: string, its: Seal | null = seal) => ({
  ...{ job, ...about, slice: null, costNano: 5, chargeNano: 5, answered: true, tookMs: 10 },
  seal: its,
});
const sealed = (end: ChainEnd, job: string) => chained(end, { ...about, job, ...seal });
const endOf = ({ place: { n, link } }: ReturnType<typeof chained>): ChainEnd => ({
  n,
  link,
  endedAtMs: about.endedAtMs,
});

describe("the chain of a tenant's seals", () => {
  const one = sealed(noEnd, "one");
  const two = sealed(endOf(one), "two");
  const three = sealed(endOf(two), "three");

  it("has one place for a job, however often it settles, and the next one follows from it", () => {
    const storage = new SqliteStorage();
    const fresh: string[] = [];
    const take = (...bills: ReturnType<typeof bill>[]) => {
      const rows = new SqlTenantRows(storage);
      return takeBills(rows, new TenantLedger(rows), bills, 1_790_000_000_000, ({ job }) => void fresh.push(job));
    };
    const other = chained(endOf(one), { ...about, tenant: "other", job: "two", ...seal });
    expect(new Set([one, two, three, other].map(({ place }) => place.link)).size).toBe(4);
    expect(take(bill("one"), bill("one"), bill("two"))).toEqual([one, one, two]);
    // The queue may have refused what came with it, and the job's log have grown since by a restart: two stands on the first seal.
    expect(take(bill("one", { events: 10, sha256: "6".repeat(64) }))).toEqual([one]);
    // A correction comes without a seal.
    expect(take(bill("two", null), bill("bare", null), bill("three"))).toEqual([two, null, three]);
    // It was booked without one: a place now would be out of order for who has read the chain.
    expect(take(bill("bare"))).toEqual([null]);
    expect(new SqlTenantRows(storage).chainEnd()).toEqual(endOf(three));
    expect(fresh).toEqual(["one", "two", "bare", "three"]);
  });

  it("gives no place twice when a later bill of the same commit fails", () => {
    const storage = new SqliteStorage();
    const rows = new SqlTenantRows(storage);
    const take = (...jobs: string[]) =>
      takeBills(
        rows,
        new TenantLedger(rows),
        jobs.map((job) => bill(job)),
        1_790_000_000_000,
        ({ job }) => {
          if (job === "two") throw new Error("no");
        },
      );
    expect(() => take("one", "two", "never")).toThrow("no");
    expect(take("one")).toEqual([one]);
    expect(take("two", "three")).toEqual([two, three]);
    expect(rows.chainEnd()).toEqual(endOf(three));
  });

  it("leaves the tenant's books as older code wrote and reads them, and is forgotten with them", () => {
    const storage = new SqliteStorage();
    const columns =
      "(job TEXT PRIMARY KEY, month TEXT NOT NULL, cost_nano INTEGER NOT NULL, charge_nano INTEGER NOT NULL";
    storage.sql.exec(`CREATE TABLE settled ${columns}, at_ms INTEGER NOT NULL) WITHOUT ROWID`);
    const rows = new SqlTenantRows(storage);
    takeBills(rows, new TenantLedger(rows), [bill("new")], 1_790_000_000_000, () => {});
    storage.sql.exec("INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?)", "old", "2026-10", 7, 7, 1);
    expect(rows.settled("old")).toEqual({ month: "2026-10", costNano: 7, chargeNano: 7, atMs: 1 });
    expect([rows.sealed("old"), rows.sealed("new")?.place.n]).toEqual([null, 1]);
    rows.forget(1_790_000_000_001);
    expect([rows.settled("new"), rows.sealed("new"), rows.chainEnd()?.n]).toEqual([null, null, 1]);
  });
});
