import { toUsd } from "../money/nano-usd.ts";
import type { AwardInputs, AwardRow, AwardTerms } from "./award-inputs.ts";
import type { Bid, Place } from "./bid.ts";
import { acceptAtNodes, expectedAccept } from "./co-failure.ts";
import { steps } from "./elementary.ts";
import { apart, hedgeFromMs, lineUpOf, standbyFor } from "./line-up.ts";
import { bestSequence, type Candidate, type Sequence, type SequenceTerms } from "./sequence.ts";

/** A line-up, and how it came about: `scores` in USD and `draws` (0 to 1) by bid. */
export interface Awarded {
  award: Place[];
  scores: number[];
  draws: number[];
  explored: boolean;
  /** Why parallel or sequential, for the explanation. */
  shape: "sequence" | "parallel" | "audit";
}

/** P(good answer in time) at the nodes for one bid, under its drawn or its mean acceptance. */
export function acceptRow(row: AwardRow, p: number, loading: number): number[] {
  const at = acceptAtNodes(p, loading);
  const [, , , answers, lift] = row;
  for (let k = 0; k < at.length; k++) at[k] = (1 - Math.min(1, (1 - (at[k] ?? 0)) * lift)) * answers;
  return at;
}

/** P(good answer in time) under the belief. Before anything was tried the factor's mean is p itself. */
export function acceptNow(
  inputs: { fresh: boolean; belief: readonly number[]; loading: number },
  row: AwardRow,
  p: number,
): number {
  return inputs.fresh ? p * row[3] : expectedAccept(inputs.belief, acceptRow(row, p, inputs.loading));
}

/** Since `rules: 3`. */
const isNew = ({ rules }: AwardInputs): boolean => rules !== undefined && rules >= 3;

/** The award as a pure function of the bids' costs and times, and `inputs`. Decide and replay both call it. */
export function awardOf(
  bids: readonly Bid[],
  inputs: AwardInputs,
  terms: AwardTerms,
  drawn?: readonly number[],
): Awarded {
  const value = toUsd(terms.valueNano);
  const { candidates, sequenceTerms } = weighed(bids, inputs, terms, (row, i) => drawn?.[i] ?? row[2]);
  const draws = candidates.map((one) => steps(one.accept, 1e6));
  const scores = candidates.map((one) => steps(value * one.accept - one.price, 1e9));
  const done = (award: Place[], shape: Awarded["shape"]): Awarded => ({
    award,
    scores,
    draws,
    explored: inputs.random !== null,
    shape,
  });
  const many = inputs.places > 1 && bids.length > 1;
  if (many && inputs.strategy !== "auto" && inputs.strategy !== "single") {
    return done(sideBySide(bids, inputs, candidates, sequenceTerms), "parallel");
  }
  const chosen = bestSequence(candidates, sequenceTerms, inputs.random);
  const { places: sequence, worth } =
    chosen.worth <= 0 && !inputs.fresh && isNew(inputs) ? believedSequence(bids, inputs, terms) : chosen;
  const leader = sequence[0];
  // A first answer is owed; another one must be worth its cost.
  if (leader === undefined || (worth <= 0 && !inputs.fresh)) return done([], "sequence");
  const second = sequence[1];
  if (
    many &&
    inputs.strategy === "auto" &&
    second !== undefined &&
    ((inputs.deadlineMs !== null && tooLate(bids, leader, second, inputs.deadlineMs)) ||
      (isNew(inputs) && waitingCostsMore(bids, inputs, terms, candidates, leader, second)))
  ) {
    const pair = sideBySide(bids, { ...inputs, places: 2 }, candidates, sequenceTerms, leader);
    if (pair.length > 1) return done(pair, "parallel");
  }
  const audit = inputs.audit.filter((i) => i !== leader);
  const shape = audit.length > 0 ? "audit" : "sequence";
  if (many && isNew(inputs)) return done(lineUpOf(bids, inputs, sequence, candidates, value, audit), shape);
  const line = many ? [...sequence, ...standby(inputs, sequence, candidates, value)] : sequence;
  return done(inOrder(bids, inputs, line, audit), shape);
}

/** Candidates and terms of the search for a sequence, each bid taken to be accepted with probability `p`. */
function weighed(
  bids: readonly Bid[],
  inputs: AwardInputs,
  terms: AwardTerms,
  p: (row: AwardRow, i: number) => number,
): { candidates: Candidate[]; sequenceTerms: SequenceTerms } {
  const looks = new Map(inputs.looks);
  const candidates: Candidate[] = [];
  for (let i = 0; i < bids.length; i++) {
    const bid = bids[i];
    const row = inputs.rows[i];
    if (!bid || !row) continue;
    const accept = acceptNow(inputs, row, p(row, i));
    const lookNano = looks.get(i) ?? inputs.verdict.costNano;
    const price =
      terms.lambda * (toUsd(bid.costNano) + toUsd(lookNano)) + terms.muUsdPerSecond * (bid.totalMs.p50 / 1000);
    candidates.push({ accept, price, costNano: bid.costNano + lookNano });
  }
  const sequenceTerms: SequenceTerms = {
    belief: inputs.belief,
    valueUsd: toUsd(terms.valueNano),
    verdict: inputs.verdict,
    maxPlaces: Math.max(1, Math.min(3, inputs.places)),
    budgetNano: inputs.budgetNano,
    at: (i) => acceptRow(inputs.rows[i] as AwardRow, p(inputs.rows[i] as AwardRow, i), inputs.loading),
  };
  return { candidates, sequenceTerms };
}

/**
 * The sequence by what is believed. Draws say who is asked, not whether to go on: else one unlucky draw of the only one
 * left would end a job that is likely to succeed.
 */
function believedSequence(bids: readonly Bid[], inputs: AwardInputs, terms: AwardTerms): Sequence {
  const { candidates, sequenceTerms } = weighed(bids, inputs, terms, (row) => row[0]);
  return bestSequence(candidates, sequenceTerms, inputs.random);
}

/**
 * Is waiting for the leader's rejection dearer than a second answer beside it? The second saves the leader's time where
 * it is needed, and is paid for nothing where it is not (whole: a cut may come late).
 */
function waitingCostsMore(
  bids: readonly Bid[],
  inputs: AwardInputs,
  terms: AwardTerms,
  candidates: readonly Candidate[],
  leader: number,
  second: number,
): boolean {
  if (inputs.rules === 4 && shareMachine(bids, inputs, leader, second)) return false;
  const { trueAccept, trueReject } = inputs.verdict;
  const good = bids[leader]?.accept.mean ?? 0;
  const needed = 1 - good * trueAccept - (1 - good) * (1 - trueReject);
  const seconds = (bids[leader]?.totalMs.p50 ?? 0) / 1000;
  const costUsd = terms.lambda * toUsd(candidates[second]?.costNano ?? 0);
  return needed * terms.muUsdPerSecond * seconds > (1 - needed) * costUsd;
}

/** Neither costs anything and both are of one provider: one's own server, or this process. Together both take longer. */
const shareMachine = (bids: readonly Bid[], inputs: AwardInputs, a: number, b: number): boolean =>
  bids[a]?.costNano === 0 && bids[b]?.costNano === 0 && inputs.rows[a]?.[6] === inputs.rows[b]?.[6];

/** The one that stands by beside a lone leader, before `rules: 3`. */
function standby(
  inputs: AwardInputs,
  sequence: readonly number[],
  candidates: readonly Candidate[],
  valueUsd: number,
): number[] {
  const leader = sequence[0];
  if (leader === undefined || sequence.length > 1 || inputs.verdict.trueReject > 0) return [];
  const affordable = (i: number) =>
    inputs.budgetNano === null ||
    (candidates[leader]?.costNano ?? 0) + (candidates[i]?.costNano ?? 0) <= inputs.budgetNano;
  const other = standbyFor(inputs, leader, candidates, valueUsd, affordable);
  return other === undefined ? [] : [other];
}

/** The one of a sequence's rest that hedges its leader before `rules: 3`: the first of those furthest apart from it. */
function hedgeOf(inputs: AwardInputs, leader: number, rest: readonly number[]): number | undefined {
  const among = inputs.rules === 2 ? rest : rest.slice(0, 1);
  const [furthest] = among.slice().sort((x, y) => apart(inputs, y, leader) - apart(inputs, x, leader));
  return furthest === undefined || apart(inputs, furthest, leader) === 0 ? undefined : furthest;
}

/** Leader, hedge and fall-backs of a sequence before `rules: 3`; a hedge needs a way to fail that the leader does not share. */
function inOrder(
  bids: readonly Bid[],
  inputs: AwardInputs,
  sequence: readonly number[],
  audit: readonly number[],
): Place[] {
  const places: Place[] = [];
  const leader = sequence[0];
  if (leader === undefined) return places;
  places.push({ bidder: bids[leader]?.bidder ?? "", role: "leader", startAfterMs: 0 });
  for (const i of audit) places.push({ bidder: bids[i]?.bidder ?? "", role: "audit", startAfterMs: 0 });
  const slow = bids[leader]?.firstTokenMs.p95 ?? 0;
  const rest = sequence.slice(1).filter((i) => !audit.includes(i));
  const hedging = inputs.strategy === "auto" && slow >= hedgeFromMs ? hedgeOf(inputs, leader, rest) : undefined;
  for (const i of rest) {
    const hedge = i === hedging;
    places.push({
      bidder: bids[i]?.bidder ?? "",
      role: hedge ? "hedge" : "fallback",
      startAfterMs: hedge ? slow : null,
    });
  }
  return places;
}

const tooLate = (bids: readonly Bid[], first: number, second: number, deadlineMs: number): boolean =>
  (bids[first]?.totalMs.p95 ?? 0) + (bids[second]?.totalMs.p50 ?? 0) > deadlineMs;

/** Two or three that start together and differ in model and provider while there is a choice; then fall-backs. */
function sideBySide(
  bids: readonly Bid[],
  inputs: AwardInputs,
  candidates: readonly Candidate[],
  terms: SequenceTerms,
  first: number | null = inputs.random,
): Place[] {
  const all = bids.map((_, i) => i);
  const net = (i: number) => terms.valueUsd * (candidates[i]?.accept ?? 0) - (candidates[i]?.price ?? 0);
  const order = all.slice().sort((x, y) => net(y) - net(x) || x - y);
  const chosen: number[] = [];
  const lead = first ?? order[0];
  if (lead === undefined) return [];
  chosen.push(lead);
  let spent = candidates[lead]?.costNano ?? 0;
  // Draws say who leads; whether another one pays beside it is judged by what is believed.
  const believed = (i: number) =>
    acceptRow(inputs.rows[i] as AwardRow, (inputs.rows[i] as AwardRow)[0], inputs.loading);
  const leads = believed(lead);
  let missed = terms.belief.map((w, k) => w * (1 - (leads[k] ?? 0)));
  const room = Math.min(3, inputs.places);
  while (chosen.length < room) {
    let best = -1;
    let bestGain = Number.NEGATIVE_INFINITY;
    for (const i of order) {
      const c = candidates[i];
      if (!c || chosen.includes(i)) continue;
      if (terms.budgetNano !== null && spent + c.costNano > terms.budgetNano) continue;
      const alike = chosen.some(
        (j) => inputs.rows[j]?.[5] === inputs.rows[i]?.[5] || inputs.rows[j]?.[6] === inputs.rows[i]?.[6],
      );
      const gain = expectedAccept(missed, believed(i)) * terms.valueUsd - c.price - (alike ? terms.valueUsd : 0);
      if (gain > bestGain) {
        bestGain = gain;
        best = i;
      }
    }
    const c = candidates[best];
    // The second is what the strategy asked for; a third must pay for itself (three for agreement: two must agree).
    if (!c || (chosen.length >= 2 && bestGain <= 0 && inputs.strategy !== "agreement")) break;
    chosen.push(best);
    spent += c.costNano;
    const at = believed(best);
    missed = missed.map((w, k) => w * (1 - (at[k] ?? 0)));
  }
  return chosen.map((i, at) => ({
    bidder: bids[i]?.bidder ?? "",
    role: at === 0 ? "leader" : "parallel",
    startAfterMs: 0,
  }));
}
