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

/** A trial whose priced cost is this share of the value is half as likely as a free one. */
const dearTrial = 0.02;
/** Share of the usual draws that is even whatever a trial costs: nobody's chance falls below floor x this / n. */
const evenShare = 0.1;

/**
 * How often, and among whom, the leader is drawn as a trial. Newcomers get most; else those least known in this
 * context, and the dearer a trial is at the current price of cost, the rarer it is.
 */
export function trialsOf(
  bids: readonly { own: number; newcomer: boolean; costNano: number }[],
  terms: { valueNano: number; lambda: number },
): { floor: number; trials: number[] } {
  const n = bids.length;
  if (n < 2) return { floor: 0, trials: bids.map(() => 1) };
  const cheapness = bids.map(
    (bid) => 1 / (1 + (terms.lambda * bid.costNano) / (dearTrial * Math.max(1, terms.valueNano))),
  );
  const need = bids.map((bid, i) => (0.5 + 0.5 / (1 + bid.own)) * (cheapness[i] ?? 0));
  const needed = need.reduce((sum, x) => sum + x, 0);
  const young = bids.map((bid, i) => (bid.newcomer ? (cheapness[i] ?? 0) : 0));
  const newcomers = young.reduce((sum, x) => sum + x, 0);
  // Dear newcomers are tried less often, not only less often than cheap ones.
  const extra = newcomersShare * Math.min(1, newcomers);
  const floor = steps(explorationFloor + extra, 1e4);
  const usual = explorationFloor / (explorationFloor + extra);
  return {
    floor,
    trials: bids.map((_, i) =>
      steps(
        usual * (evenShare / n + ((1 - evenShare) * (need[i] ?? 0)) / needed) +
          (newcomers > 0 ? ((1 - usual) * (young[i] ?? 0)) / newcomers : 0),
        1e6,
      ),
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
