import { createHash } from "node:crypto";
import { linkText, noLink, type Seal, type SealPlace } from "../src/job/seal.ts";
import type { MonthTotals, TenantLedger } from "../src/money/tenant-ledger.ts";
import type { SealedBill } from "./settle-window.ts";
import type { SqlTenantRows } from "./tenant-rows.ts";

/** The place after `head`, null: the first. Synchronous, so that two jobs never have the same. */
export function nextPlace(head: SealPlace | null, tenant: string, job: string, seal: Seal): SealPlace {
  const text = linkText(head?.link ?? noLink, tenant, job, seal);
  return { n: (head?.n ?? 0) + 1, link: createHash("sha256").update(text).digest("hex") };
}

/**
 * Books bills in their order, and gives each seal its place in the tenant's chain: the next one, or the one it had when
 * its job settled before. `fresh`: of each bill that is no repeat, with its month as it stood before.
 */
export function takeBills(
  rows: SqlTenantRows,
  ledger: TenantLedger,
  bills: readonly SealedBill[],
  nowMs: number,
  fresh: (bill: SealedBill, month: MonthTotals) => void,
): (SealPlace | null)[] {
  const before = rows.chainHead();
  let head = before;
  const places = bills.map((bill) => {
    const { job, tenant, slice, costNano, chargeNano, seal } = bill;
    const known = rows.settled(job);
    const place = known === null && seal !== null ? nextPlace(head, tenant, job, seal) : (known?.place ?? null);
    const month = ledger.settle(job, slice, { costNano, chargeNano, place }, nowMs);
    if (month !== null) {
      head = place ?? head;
      fresh(bill, month);
    }
    return place;
  });
  if (head !== null && head !== before) rows.putChainHead(head);
  return places;
}
