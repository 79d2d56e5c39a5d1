import { drawBeta, type Random } from "./draw.ts";
import { steps, within } from "./elementary.ts";
import { isFull } from "./rows.ts";
import type { KindState, Row } from "./state.ts";

/** Share of first decisions whose leader is drawn without regard to its score: keeps off-policy estimates possible. */
export const explorationFloor = 0.01;

/** Share of trials while there is a newcomer, and the outcomes after which it is none. */
const newcomersShare = 0.15;
const newcomersOutcomes = 150;
/** A kind is past its beginning when it has this many outcomes: only then can one be new to it. */
const settledKind = 100;

/** Did this bidder come when the kind's others were known already, and is it still little known? `failed`: calls of it. */
export function isNewcomer(kind: KindState | undefined, row: Row | undefined, failed = 0): boolean {
  if (!kind || kind.outcomes < settledKind) return false;
  if (!row) return !isFull(kind);
  return row.since >= settledKind && row.claims + (row.evaluated ?? 0) + failed < newcomersOutcomes;
}

/** A bidder whose cost and time are priced at this share of the value is tried half as often as a free one. */
const dearTrial = 0.02;
/** Share of the usual trials that is even whatever is believed; of it, who could not pay has this part of a place. */
const evenShare = 0.1;
const hopelessPlace = 0.1;

/** What of a bid decides how often it is tried. `strength`: pseudo-counts behind its mean. */
export interface Trialled {
  mean: number;
  strength: number;
  newcomer: boolean;
  /** Of its cost and its time, as a share of the value. */
  price: number;
  /** P(it answers in time), 0 to 1. */
  answers: number;
}

/**
 * How often, and among whom, a microtask's leader is drawn as a trial. Newcomers get most. Else each bidder gets its
 * part by how likely it can be to beat the best, for what finding out costs: Cantelli's bound v / (v + gap^2), with v the
 * variance of what is believed of its acceptance and gap what it is thought to be worth less than the best, cost and time
 * included, over 1 + its price / `dearTrial`. Little known and cheap ones are tried most, known bad and dear ones hardly
 * ever, and least those that would be worth less than the best even if they were always right: no trial can make them
 * lead until prices or the value change. Nobody's chance falls below floor x evenShare x hopelessPlace / n.
 * What brings no answer in time teaches nothing: its part is multiplied by the chance of one. Where nobody has a chance
 * all parts are even.
 */
export function trialsOf(bids: readonly Trialled[]): { floor: number; trials: number[] } {
  const n = bids.length;
  if (n < 2) return { floor: 0, trials: bids.map(() => 1) };
  const net = bids.map((bid) => bid.mean - bid.price);
  const best = Math.max(...net);
  const could = bids.map((bid, i) => {
    const variance = (bid.mean * (1 - bid.mean)) / (bid.strength + 1);
    const gap = best - (net[i] ?? 0);
    return (bid.answers * variance) / (variance + gap * gap) / (1 + bid.price / dearTrial);
  });
  const places = bids.map((bid) => (1 - bid.price >= best ? 1 : hopelessPlace));
  const allPlaces = places.reduce((sum, x) => sum + x, 0);
  const all = could.reduce((sum, x) => sum + x, 0);
  const young = bids.map((bid) => (bid.newcomer ? bid.answers / (1 + bid.price / dearTrial) : 0));
  const newcomers = young.reduce((sum, x) => sum + x, 0);
  // Dear newcomers, and those that do not answer, are tried less often, not only less often than cheap ones.
  const extra = newcomersShare * Math.min(1, newcomers);
  const floor = steps(explorationFloor + extra, 1e4);
  const usual = explorationFloor / (explorationFloor + extra);
  return {
    floor,
    trials: bids.map((_, i) =>
      steps(
        usual *
          ((evenShare * (places[i] ?? 0)) / allPlaces + (1 - evenShare) * (all > 0 ? (could[i] ?? 0) / all : 1 / n)) +
          (newcomers > 0 ? ((1 - usual) * (young[i] ?? 0)) / newcomers : 0),
        1e6,
      ),
    ),
  };
}

/** After a rejection nobody is tried: what a trial teaches there is little, and an answer is owed. */
export const noTrials = (n: number): { floor: number; trials: number[] } => ({
  floor: 0,
  trials: Array.from({ length: n }, () => steps(1 / n, 1e6)),
});

/** Index drawn with these shares. */
export function pickBy(shares: readonly number[], uniform: number): number {
  let left = uniform;
  for (let i = 0; i < shares.length; i++) {
    left -= shares[i] ?? 0;
    if (left < 0) return i;
  }
  return shares.length - 1;
}

/**
 * Factor on a posterior's strength before it is drawn from: tempered Thompson sampling. The plain form (1) explores for
 * an endless horizon; that suits a newcomer, a context that is young and a kind that has just changed. The more outcomes
 * this context has (`seen`) and the longer the kind stayed the same (`calm`, outcomes), the nearer to their means bidders
 * are drawn (up to 20).
 */
export function temper(calm: number, seen: number, newcomer: boolean): number {
  if (newcomer) return 1;
  const settled = Math.min(calm / 150, seen / 50);
  return 1 + (19 * settled) / (settled + 1);
}

/**
 * What is added to a newcomer's mean before the draw: one standard deviation, so that a few unlucky first outcomes do
 * not bury it (optimistic Bayesian sampling, May et al., JMLR 2012). 0 for everybody else.
 */
export const optimism = (newcomer: boolean, mean: number, strength: number): number =>
  newcomer ? Math.min(0.99 - mean, Math.sqrt((mean * (1 - mean)) / (strength + 1))) : 0;

/** Thompson's draw from Beta(mean x strength, (1 - mean) x strength). */
export const drawAcceptance = (mean: number, strength: number, random: Random): number =>
  within(drawBeta(Math.max(0.05, mean * strength), Math.max(0.05, (1 - mean) * strength), random), 0.001, 0.999);
