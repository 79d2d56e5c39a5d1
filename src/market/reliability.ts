import type { Outcome } from "./settlement.ts";
import type { SharedState, Source } from "./state.ts";

/** What is assumed of a source before it was audited, and how many audits that is worth. */
const assumed: Record<Source, { trueAccept: number; trueReject: number }> = {
  criteria: { trueAccept: 0.99, trueReject: 0.9 },
  judge: { trueAccept: 0.93, trueReject: 0.8 },
  agreement: { trueAccept: 0.9, trueReject: 0.8 },
  feedback: { trueAccept: 0.98, trueReject: 0.98 },
  audit: { trueAccept: 0.97, trueReject: 0.93 },
};
const assumedWeight = 20;

/** Measured P(accepts | good) and P(rejects | bad) of a source of outcomes, shrunk to what is assumed of it. */
export function reliabilityOf(
  state: { shared: SharedState },
  source: Source,
): { trueAccept: number; trueReject: number; audits: number } {
  const [accepted, good, rejected, bad] = state.shared.reliability[source] ?? [0, 0, 0, 0];
  const prior = assumed[source];
  return {
    trueAccept: (accepted + prior.trueAccept * assumedWeight) / (good + assumedWeight),
    trueReject: (rejected + prior.trueReject * assumedWeight) / (bad + assumedWeight),
    audits: good + bad,
  };
}

/** An audit or feedback tells what the source it was held against is worth. */
export function learnReliability(shared: SharedState, outcome: Outcome): void {
  const against = outcome.against;
  if (!against || !(against.worth >= 0 && against.worth <= 1)) return;
  const counts = shared.reliability[against.source] ?? [0, 0, 0, 0];
  counts[0] += outcome.worth * against.worth;
  counts[1] += outcome.worth;
  counts[2] += (1 - outcome.worth) * (1 - against.worth);
  counts[3] += 1 - outcome.worth;
  // A memory of about 2,000 audits: judges change too.
  if (counts[1] + counts[3] > 2000) for (let i = 0; i < 4; i++) counts[i] = (counts[i] ?? 0) * 0.999;
  shared.reliability[against.source] = counts;
}
