import { drawBeta, type Random } from "./draw.ts";
import { steps, within } from "./elementary.ts";
import type { KindState, Row } from "./state.ts";

/** Share of decisions whose leader is drawn without regard to its score: keeps off-policy estimates possible. */
export const explorationFloor = 0.01;

/** Share of trials while there is a newcomer, and the outcomes after which it is none. */
const newcomersShare = 0.15;
const newcomersOutcomes = 150;
/** A kind is past its beginning when it has this many outcomes: only then can one be new to it. */
const settledKind = 100;

/** Did this bidder come when the kind's others were known already, and is it still little known? */
export function isNewcomer(kind: KindState | undefined, row: Row | undefined): boolean {
  if (!kind || kind.outcomes < settledKind) return false;
  return row ? row.since >= settledKind && row.claims < newcomersOutcomes : true;
}

/**
 * How often, and among whom, the leader is drawn as a trial. Newcomers that are not too dear get most; else half of the
 * draws are even, so that no bidder's chance falls below floor / 2n, and half go to those least known in this context.
 */
export function trialsOf(bids: readonly { own: number; newcomer: boolean }[]): { floor: number; trials: number[] } {
  const n = bids.length;
  if (n < 2) return { floor: 0, trials: bids.map(() => 1) };
  const newcomers = bids.filter((bid) => bid.newcomer).length;
  const floor = newcomers > 0 ? explorationFloor + newcomersShare : explorationFloor;
  const usual = explorationFloor / floor;
  const need = bids.map((bid) => 1 / (1 + bid.own));
  const total = need.reduce((sum, x) => sum + x, 0);
  return {
    floor,
    trials: bids.map((bid, i) =>
      steps(usual * (0.5 / n + (0.5 * (need[i] ?? 0)) / total) + (bid.newcomer ? (1 - usual) / newcomers : 0), 1e5),
    ),
  };
}

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
 * an endless horizon; that suits a newcomer, and a kind that is young or has just changed. In one that stayed the same
 * for `calm` outcomes bidders are drawn nearer to their means (up to 6).
 */
export const temper = (calm: number, newcomer: boolean): number => (newcomer ? 1 : 1 + (5 * calm) / (calm + 150));

/**
 * What is added to a newcomer's mean before the draw: one standard deviation, so that a few unlucky first outcomes do
 * not bury it (optimistic Bayesian sampling, May et al., JMLR 2012). 0 for everybody else.
 */
export const optimism = (newcomer: boolean, mean: number, strength: number): number =>
  newcomer ? Math.min(0.99 - mean, Math.sqrt((mean * (1 - mean)) / (strength + 1))) : 0;

/** Thompson's draw from Beta(mean x strength, (1 - mean) x strength). */
export const drawAcceptance = (mean: number, strength: number, random: Random): number =>
  within(drawBeta(Math.max(0.05, mean * strength), Math.max(0.05, (1 - mean) * strength), random), 0.001, 0.999);
