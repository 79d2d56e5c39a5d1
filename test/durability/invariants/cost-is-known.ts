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
  const billed = new Map<string, number>();
  for (const call of calls) {
    billed.set(call.bidder, (billed.get(call.bidder) ?? 0) + (call.billedNano ?? 0));
    const attempt = attempts.find((a) => a.id === call.attempt);
    if (attempt === undefined || call.billedNano === null) continue;
    if (attempt.costNano < call.billedNano)
      breaches.push(`${call.bidder} bills ${call.billedNano} for ${attempt.id}, which costs ${attempt.costNano}`);
  }
  for (const [bidder, nano] of billed) {
    const costNano = attempts.reduce((total, a) => total + (a.bidder === bidder ? a.costNano : 0), 0);
    if (costNano < nano) breaches.push(`${bidder} bills ${nano} in all, and its attempts cost ${costNano}`);
  }
  return breaches;
};
