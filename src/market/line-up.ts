import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Place } from "./bid.ts";
import { fallbackPriceWeight, followerFor, hedgePriceWeight, type Origin } from "./hedge.ts";
import type { Candidate } from "./sequence.ts";

/** Below this p95 a first token is never waited for: embedded bidders answer at once. */
export const hedgeFromMs = 50;
/** Leader, fall-backs and hedges; as many as a race holds open. Audits are beside them. */
const mostPlaces = 4;

/**
 * The line-up of a sequence since `rules: 3`. After a rejection the sequence goes on: it was weighed. A hedge is chosen
 * for speed; outside of the sequence it is `spare` and uses up no try: it costs nothing unless the leader is silent or
 * somebody failed, so that the limit of three tries is one of rejections, and four places may stand ready. Where
 * nothing can be rejected a thrifty fall-back stands by as well. The costs of all places together stay in the budget.
 */
export function lineUpOf(
  bids: readonly Bid[],
  inputs: AwardInputs,
  sequence: readonly number[],
  candidates: readonly Candidate[],
  valueUsd: number,
  audit: readonly number[],
): Place[] {
  const leader = sequence[0];
  if (leader === undefined) return [];
  const rest = sequence.slice(1).filter((i) => !audit.includes(i));
  const costNano = (i: number) => candidates[i]?.costNano ?? 0;
  let spentNano = sequence.reduce((sum, i) => sum + costNano(i), 0);
  const free = (i: number) =>
    i !== leader &&
    !audit.includes(i) &&
    (rest.includes(i) || inputs.budgetNano === null || spentNano + costNano(i) <= inputs.budgetNano);
  // Hedges are judged by what is believed: a lucky draw makes nobody's answer better.
  const worthIt = (i: number) => free(i) && valueUsd * (bids[i]?.accept.mean ?? 0) - (candidates[i]?.price ?? 0) > 0;
  const origins = (i: number): Origin => [inputs.rows[i]?.[5] ?? -1, inputs.rows[i]?.[6] ?? -1];

  const slowMs = bids[leader]?.firstTokenMs.p95 ?? 0;
  const hedging = inputs.strategy === "auto" && slowMs >= hedgeFromMs;
  const hedge = hedging ? followerFor(bids, origins, leader, [], hedgePriceWeight, worthIt) : undefined;
  const spares: number[] = [];
  const spare = (i: number) => {
    spares.push(i);
    spentNano += costNano(i);
  };
  if (hedge !== undefined && !rest.includes(hedge)) spare(hedge);
  if (rest.length === 0 && inputs.verdict.trueReject === 0) {
    // It answers the leader's failure, before any hedge was asked: it need not be at another provider than the hedge.
    const other =
      followerFor(bids, origins, leader, [], fallbackPriceWeight, (i) => i !== hedge && worthIt(i)) ??
      standbyFor(inputs, leader, candidates, valueUsd, (i) => i !== hedge && free(i));
    if (other !== undefined) {
      rest.push(other);
      spentNano += costNano(other);
    }
  }
  const next =
    hedge === undefined || rest.length + spares.length >= mostPlaces - 1
      ? undefined
      : followerFor(bids, origins, leader, [hedge], hedgePriceWeight, (i) => !rest.includes(i) && worthIt(i));
  if (next !== undefined) spare(next);

  // The second hedge waits for the first as the first for the leader.
  const afterMs = (i: number) => (i === hedge ? slowMs : slowMs + (bids[hedge ?? -1]?.firstTokenMs.p95 ?? 0));
  const name = (i: number) => bids[i]?.bidder ?? "";
  return [
    { bidder: name(leader), role: "leader", startAfterMs: 0 },
    ...audit.map((i): Place => ({ bidder: name(i), role: "audit", startAfterMs: 0 })),
    ...rest.map(
      (i): Place =>
        i === hedge
          ? { bidder: name(i), role: "hedge", startAfterMs: afterMs(i) }
          : { bidder: name(i), role: "fallback", startAfterMs: null },
    ),
    ...spares.map((i): Place => {
      const place: Place = { bidder: name(i), role: "hedge", startAfterMs: afterMs(i) };
      return inputs.verdict.trueReject > 0 ? { ...place, spare: true } : place;
    }),
  ];
}

/**
 * Where no verdict can reject, a second answer is never worth its price, but a bidder can still fail or be silent: the
 * best of the others stands by, of another model and provider if there is one. It costs nothing unless it is needed.
 */
export function standbyFor(
  inputs: AwardInputs,
  leader: number,
  candidates: readonly Candidate[],
  valueUsd: number,
  free: (i: number) => boolean,
): number | undefined {
  let best: number | undefined;
  let bestApart = -1;
  let bestNet = 0;
  for (let i = 0; i < candidates.length; i++) {
    const net = valueUsd * (candidates[i]?.accept ?? 0) - (candidates[i]?.price ?? 0);
    if (i === leader || net <= 0 || !free(i)) continue;
    const its = apart(inputs, i, leader);
    if (its < bestApart || (its === bestApart && net <= bestNet)) continue;
    best = i;
    bestApart = its;
    bestNet = net;
  }
  return best;
}

/** Ways to fail that the leader does not share: of another provider 1, and of another model, too, 2. */
export function apart(inputs: AwardInputs, i: number, leader: number): number {
  const [one, other] = [inputs.rows[i], inputs.rows[leader]];
  if (one?.[6] === other?.[6]) return 0;
  return inputs.rules !== undefined && one?.[5] !== other?.[5] ? 2 : 1;
}
