import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** The job's cost, as its log counts it, is never over its budget. */
export const budgetHolds: Invariant = ({ log }) => {
  const job = fold(log);
  const budgetNano = job?.request.budgetNano ?? null;
  if (job === null || budgetNano === null || job.costNano <= budgetNano) return [];
  return [`the job cost ${job.costNano} on a budget of ${budgetNano}`];
};
