import { createHash } from "node:crypto";
import { type ChainEnd, type ChainedSeal, linkText, noEnd, type Sealed } from "../src/job/seal.ts";
import type { MonthTotals, TenantLedger } from "../src/money/tenant-ledger.ts";
import type { SealedBill } from "./settle-window.ts";
import type { SqlTenantRows } from "./tenant-rows.ts";

/** A seal in the place after `end`. Synchronous, so that two jobs never have the same. */
export function chained(end: ChainEnd, sealed: Sealed): ChainedSeal {
  const link = createHash("sha256").update(linkText(end, sealed)).digest("hex");
  const { events, sha256 } = sealed;
  return { events, sha256, place: { n: end.n + 1, link, previous: end.link, previousEndedAtMs: end.endedAtMs } };
}

/**
 * Books bills in their order, and puts each seal into the tenant's chain. Whose job settled before has the seal and the
 * place of that time: its log may have grown since, and what follows in the chain stands on the first one. `fresh`: of
 * each bill that is no repeat, with its month as it stood before.
 */
export function takeBills(
  rows: SqlTenantRows,
  ledger: TenantLedger,
  bills: readonly SealedBill[],
  nowMs: number,
  fresh: (bill: SealedBill, month: MonthTotals) => void,
): (ChainedSeal | null)[] {
  const before = rows.chainEnd() ?? noEnd;
  let end = before;
  try {
    return bills.map((bill) => {
      const { job, slice, costNano, chargeNano } = bill;
      const month = ledger.settle(job, slice, { costNano, chargeNano }, nowMs);
      if (month === null) return rows.sealed(job);
      const seal = bill.seal === null ? null : chained(end, { ...bill, ...bill.seal });
      if (seal !== null) {
        rows.putSealed(job, seal, nowMs);
        end = { n: seal.place.n, link: seal.place.link, endedAtMs: bill.endedAtMs ?? 0 };
      }
      fresh(bill, month);
      return seal;
    });
  } finally {
    // Also when one of them failed: the places before it are taken.
    if (end !== before) rows.putChainEnd(end);
  }
}
