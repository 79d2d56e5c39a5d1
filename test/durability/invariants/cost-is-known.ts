import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** The job's cost is at least what the providers bill, cut and lost calls included. */
export const costIsKnown: Invariant = ({ log, calls }) => {
  const job = fold(log);
  if (job === null) return ["there is no job"];
  const breaches: string[] = [];
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  const sum = attempts.reduce((total, a) => total + a.costNano, 0);
  if (sum !== job.costNano) breaches.push(`the job's cost is ${job.costNano}, its attempts' ${sum}`);
  for (const call of calls) {
    const attempt = attempts.find((a) => a.id === call.attempt);
    if (attempt === undefined || call.billedNano === null) continue;
    if (attempt.costNano < call.billedNano)
      breaches.push(`${call.bidder} bills ${call.billedNano} for ${attempt.id}, which costs ${attempt.costNano}`);
  }
  return breaches;
};
