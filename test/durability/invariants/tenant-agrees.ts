import { fold } from "../../../src/job/evolve.ts";
import { ledgerOf } from "../../../src/job/ledger.ts";
import { ledgerTotals } from "../../../src/money/ledger.ts";
import type { Invariant } from "../evidence.ts";

/** The tenant's books have an ended job once, with the cost and the charge of its log, and lend it nothing any more. */
export const tenantAgrees: Invariant = ({ log, tenant }) => {
  const job = fold(log);
  if (tenant === null || job === null || job.status === "running") return [];
  const breaches: string[] = [];
  const { costNano, chargeNano } = ledgerTotals(ledgerOf(job));
  const { settled } = tenant;
  if (settled === null) return ["the tenant's books do not have the job"];
  if (settled.costNano !== costNano || settled.chargeNano !== chargeNano)
    breaches.push(
      `the job cost ${costNano} and was charged ${chargeNano}; its tenant's books say ${settled.costNano} and ${settled.chargeNano}`,
    );
  if (tenant.jobHoldsNano !== null) breaches.push(`the ended job still holds ${tenant.jobHoldsNano}`);
  return breaches;
};
