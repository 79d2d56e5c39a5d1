import { createHash } from "node:crypto";
import { type ChainedSeal, linkText, noLink, type Seal, type SealPlace } from "../src/job/seal.ts";
import type { MonthTotals, TenantLedger } from "../src/money/tenant-ledger.ts";
import type { SealedBill } from "./settle-window.ts";
import type { SqlTenantRows } from "./tenant-rows.ts";

/** A seal in the place after `head`, null: the first. Synchronous, so that two jobs never have the same. */
export function chained(head: SealPlace | null, tenant: string, job: string, { events, sha256 }: Seal): ChainedSeal {
  const text = linkText(head?.link ?? noLink, tenant, job, { events, sha256 });
  const link = createHash("sha256").update(text).digest("hex");
  return { events, sha256, place: { n: (head?.n ?? 0) + 1, link } };
}

/**
 * Books bills in their order, and puts each seal into the tenant's chain. Whose job settled before has the seal and the
 * place of that time: its log may have grown since, and what follows in the chain stands on the first one. `fresh`: of each bill that is no repeat, with its month as it stood before.
 */
export function takeBills(
  rows: SqlTenantRows,
  ledger: TenantLedger,
  bills: readonly SealedBill[],
  nowMs: number,
  fresh: (bill: SealedBill, month: MonthTotals) => void,
): (ChainedSeal | null)[] {
  const before = rows.chainHead();
  let head = before;
  const seals = bills.map((bill) => {
    const { job, tenant, slice, costNano, chargeNano } = bill;
    const known = rows.settled(job);
    const seal = known === null && bill.seal !== null ? chained(head, tenant, job, bill.seal) : (known?.seal ?? null);
    const month = ledger.settle(job, slice, { costNano, chargeNano, seal }, nowMs);
    if (month !== null) {
      head = seal?.place ?? head;
      fresh(bill, month);
    }
    return seal;
  });
  if (head !== null && head !== before) rows.putChainHead(head);
  return seals;
}
