import type { Bidder } from "./bidder.ts";
import { logarithm, logistic, within } from "./elementary.ts";
import type { Column, KindState, Row, SharedRow } from "./state.ts";

/** Shares of bidders' variance in one kind that a family and that a price tier have in common. */
const alike = { family: 0.3, tier: 0.15 } as const;
/** Spread of one bidder's skill between kinds, in logits (standard deviation). */
const elsewhereSpread = 0.5;

/** Variances in logits: of bidders' skills, of contexts' levels, and of what a bidder does in a context beside both. */
export type Spreads = [bidder: number, context: number, interaction: number];

/** What the variances are taken to be before a kind has shown them. */
export const firstSpreads: Spreads = [0.5, 0.64, 0.3];
/** Level of a kind nobody has tried: 73 % accepted. */
const firstLevel = 1;

/** Log price of 1,000 input and 300 output tokens, in steps of a factor e: bidders of one price tier are alike. */
export function tierOf(bidder: Bidder): number {
  const nano =
    (bidder.price.inputPerMtok * 1000 + bidder.price.outputPerMtok * 300) / 1e6 + (bidder.price.perCall ?? 0);
  return Math.round(logarithm(nano + 1));
}

/** Mean level of a kind's contexts, weighted by how well they are known beside how far they spread. */
export function meanLevel(kind: KindState | undefined): number {
  let sum = firstLevel;
  let weight = 1;
  const context = spreadsOf(kind)[1];
  for (const column of kind?.columns ?? []) {
    const w = 1 / (column.variance + context);
    sum += w * column.level;
    weight += w;
  }
  return sum / weight;
}

/**
 * What known bidders teach about one that is new: skill by price (a regression with a prior slope: dearer models are
 * better on average), and sums of what is left over by family and by price tier.
 */
export interface Likeness {
  tier0: number;
  skill0: number;
  slope: number;
  family: Map<string, [count: number, left: number]>;
  tier: Map<number, [count: number, left: number]>;
  spread: number;
}

/** Logits of skill a factor e of price is taken to bring before anything is known, and how firmly (observed bidders). */
const priorSlope = 0.2;
const slopeWeight = 8;

/** How much of a row's skill is its own record, 0 to 1: one that merely has a prior must not echo it to others. */
const knownShare = (row: Row, spread: number): number => row.given[0] / (row.given[0] + 1 / spread);

/** Skill by the row's own record alone. */
const shownSkill = (row: Row): number => (row.given[0] > 1e-6 ? row.given[1] / row.given[0] : 0);

/** What a kind's rows teach about newcomers; without rows: the prior slope of price alone. */
export function likenessOf(kind: KindState | undefined): Likeness {
  const likeness: Likeness = {
    tier0: 0,
    skill0: 0,
    slope: priorSlope,
    family: new Map(),
    tier: new Map(),
    spread: spreadsOf(kind)[0],
  };
  const rows = (kind?.rows ?? []).filter((row) => Number.isFinite(row.skill));
  const { spread } = likeness;
  let [weight, tiers, skills] = [0, 0, 0];
  for (const row of rows) {
    const known = knownShare(row, spread);
    weight += known;
    tiers += known * row.tier;
    skills += known * shownSkill(row);
  }
  if (!(weight > 0)) return likeness;
  likeness.tier0 = tiers / weight;
  // One bidder worth of zero: where one alone is known, what it shows is its own and not all others'.
  likeness.skill0 = skills / (weight + 1);
  let [across, joint] = [slopeWeight, slopeWeight * priorSlope];
  for (const row of rows) {
    const known = knownShare(row, spread);
    const gap = row.tier - likeness.tier0;
    across += known * gap * gap;
    joint += known * gap * (shownSkill(row) - likeness.skill0);
  }
  likeness.slope = joint / across;
  for (const row of rows) {
    const known = knownShare(row, spread);
    const left = shownSkill(row) - byPrice(likeness, row.tier);
    const add = <K>(map: Map<K, [number, number]>, key: K) => {
      const sum = map.get(key);
      if (sum) {
        sum[0] += known;
        sum[1] += known * left;
      } else map.set(key, [known, known * left]);
    };
    add(likeness.family, row.family);
    add(likeness.tier, row.tier);
  }
  return likeness;
}

const byPrice = (likeness: Likeness, tier: number): number =>
  likeness.skill0 + likeness.slope * (tier - likeness.tier0);

/** Prior of a bidder's skill in a kind from its own record in other kinds, its family and its price tier. */
export function priorSkill(
  likeness: Likeness,
  shared: SharedRow | undefined,
  family: string,
  tier: number,
  own: Row | null,
): { mean: number; variance: number } {
  // With nobody known there is no price to compare with.
  const base = likeness.tier.size > 0 ? byPrice(likeness, tier) : 0;
  const known = own && Number.isFinite(own.skill) ? knownShare(own, likeness.spread) : 0;
  const ownLeft = own ? shownSkill(own) - base : 0;
  let mean = base;
  let variance = likeness.spread;
  const learn = (sum: [count: number, left: number] | undefined, part: number) => {
    // Its own record must not be its own prior.
    const others = (sum?.[0] ?? 0) - known;
    if (!sum || others < 0.05) return;
    // What a group has in common, out of the mean of its members: each adds what is its own.
    const share = part / (part + (1 - part) / others);
    mean += (share * (sum[1] - known * ownLeft)) / others;
    variance -= likeness.spread * part * share;
  };
  learn(likeness.family.get(family), alike.family);
  learn(likeness.tier.get(tier), alike.tier);
  let precision = 1 / variance;
  let sum = mean * precision;
  if (shared) {
    const elsewhere = shared.precision - (own?.given[0] ?? 0);
    if (elsewhere > 0.01) {
      const w = 1 / (elsewhereSpread * elsewhereSpread + 1 / elsewhere);
      precision += w;
      sum += (w * (shared.skill - (own?.given[1] ?? 0))) / elsewhere;
    }
  }
  return { mean: sum / precision, variance: 1 / precision };
}

/** Variances in logits that the kind has shown; else the first ones. */
export const spreadsOf = (kind: KindState | undefined): Spreads => kind?.spreads ?? firstSpreads;

/** Bidders, contexts and cells with whose weight the first variances are believed. */
const spreadWeights = { bidder: 4, context: 4, interaction: 12 };

/** Weight of a cell of n observations for its row or column: the interaction keeps it from speaking for the whole. */
const cellWeight = (n: number, p: number, interaction: number): number => {
  const information = n * p * (1 - p);
  return information / (1 + information * interaction);
};

/**
 * One Newton step for every row's skill and every column's level, then one EM step for their variances (empirical
 * Bayes; Gelman et al., Bayesian Data Analysis, ch. 5 and 13). Cost: rows x columns, whatever the past.
 */
export function refit(kind: KindState, shared: Map<string, SharedRow>, growth: number): void {
  center(kind, shared);
  const likeness = likenessOf(kind);
  const interaction = spreadsOf(kind)[2];
  let [bidders, skills] = [spreadWeights.bidder, spreadWeights.bidder * firstSpreads[0]];
  for (let i = 0; i < kind.rows.length; i++) {
    const row = kind.rows[i];
    if (!row) continue;
    const prior = priorSkill(likeness, shared.get(row.bidder), row.family, row.tier, row);
    let precision = 1 / prior.variance;
    let gradient = (prior.mean - row.skill) * precision;
    for (const column of kind.columns) {
      const accept = (column.counts[2 * i] ?? 0) / growth;
      const n = accept + (column.counts[2 * i + 1] ?? 0) / growth;
      if (!(n >= 0.05)) continue;
      const p = logistic(column.level + row.skill);
      const w = cellWeight(n, p, interaction);
      precision += w;
      gradient += (w * (accept / n - p)) / (p * (1 - p));
    }
    row.skill += bounded(gradient / precision);
    row.variance = 1 / precision;
    bidders++;
    skills += (row.skill - byPrice(likeness, row.tier)) ** 2 + row.variance;
    // What the record says by itself: at the mode its pull on the skill balances the prior's.
    const gained = precision - 1 / prior.variance;
    const shown = gained * row.skill + within((row.skill - prior.mean) / prior.variance, -3 * gained, 3 * gained);
    const common = shared.get(row.bidder);
    if (common) {
      common.precision += gained - row.given[0];
      common.skill += shown - row.given[1];
    }
    row.given = [gained, shown];
  }
  const middle = meanLevel(kind);
  let [contexts, levels] = [spreadWeights.context, spreadWeights.context * firstSpreads[1]];
  let [cells, excess] = [spreadWeights.interaction, spreadWeights.interaction * firstSpreads[2]];
  for (const column of kind.columns) {
    refitColumn(column, kind, middle, growth);
    contexts++;
    levels += (column.level - middle) ** 2 + column.variance;
    for (let i = 0; i < kind.rows.length; i++) {
      const accept = (column.counts[2 * i] ?? 0) / growth;
      const n = accept + (column.counts[2 * i + 1] ?? 0) / growth;
      if (!(n >= 0.05)) continue;
      const p = logistic(column.level + (kind.rows[i]?.skill ?? 0));
      const inside = n * p * (1 - p);
      const left = (accept - n * p) / (inside + 1 / interaction);
      cells++;
      excess += left * left + 1 / (inside + 1 / interaction);
    }
  }
  kind.spreads = [within(skills / bidders, 0.1, 4), within(levels / contexts, 0.1, 4), within(excess / cells, 0.05, 2)];
}

/**
 * Skills and levels are known up to a shift between the two. Skills are held at a mean of 0 over what is known of them:
 * else the two drift apart, and a newcomer or a bidder's record in other kinds would be measured from a moving zero.
 */
function center(kind: KindState, shared: Map<string, SharedRow>): void {
  let [weight, skills] = [0, 0];
  for (const row of kind.rows) {
    if (!Number.isFinite(row.skill)) continue;
    const known = knownShare(row, spreadsOf(kind)[0]);
    weight += known;
    skills += known * row.skill;
  }
  const shift = skills / (weight + 1);
  for (const row of kind.rows) {
    row.skill -= shift;
    const common = shared.get(row.bidder);
    if (common) common.skill -= shift * row.given[0];
    row.given[1] -= shift * row.given[0];
  }
  for (const column of kind.columns) column.level += shift;
}

function refitColumn(column: Column, kind: KindState, center: number, growth: number): void {
  const [, context, interaction] = spreadsOf(kind);
  let precision = 1 / context;
  let gradient = (center - column.level) * precision;
  for (let i = 0; i < kind.rows.length; i++) {
    const row = kind.rows[i];
    if (!row) continue;
    const accept = (column.counts[2 * i] ?? 0) / growth;
    const n = accept + (column.counts[2 * i + 1] ?? 0) / growth;
    if (!(n >= 0.05)) continue;
    const p = logistic(column.level + row.skill);
    const w = cellWeight(n, p, interaction);
    precision += w;
    gradient += (w * (accept / n - p)) / (p * (1 - p));
  }
  column.level += bounded(gradient / precision);
  column.variance = 1 / precision;
}

const bounded = (step: number): number => (step > 0.7 ? 0.7 : Math.max(step, -0.7));
