import { expect, it } from "vitest";
import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import { TenantLedger } from "../../src/money/tenant-ledger.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

it("a tenant's rows that were made before seals were chained have no place, and later ones keep theirs", () => {
  const { sql } = new SqliteStorage();
  sql.exec(
    "CREATE TABLE settled (job TEXT PRIMARY KEY, month TEXT NOT NULL, cost_nano INTEGER NOT NULL, charge_nano INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID",
  );
  sql.exec("INSERT INTO settled VALUES ('old', '2026-10', 7, 7, 1)");
  for (const _ of ["upgraded", "opened again"]) {
    const rows = new SqlTenantRows(sql);
    expect(rows.settled("old")).toEqual({ month: "2026-10", costNano: 7, chargeNano: 7, atMs: 1, place: null });
    expect(rows.chainHead()).toBeNull();
  }
  const rows = new SqlTenantRows(sql);
  const ledger = new TenantLedger(rows);
  const place = { n: 1, link: "a".repeat(64) };
  ledger.settle("new", null, { costNano: 1, chargeNano: 1, place }, 1_790_000_000_000);
  rows.putChainHead(place);
  // A correction of its cost comes without one.
  ledger.settle("new", null, { costNano: 2, chargeNano: 2 }, 1_790_000_000_001);
  const again = new SqlTenantRows(sql);
  expect(again.settled("new")).toMatchObject({ costNano: 2, place });
  expect(again.chainHead()).toEqual(place);
});
