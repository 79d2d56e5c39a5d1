import type { Kind } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { calibrationFeatures } from "./calibration.ts";
import { bandOf, type Features } from "./cell.ts";
import { logistic, within } from "./elementary.ts";
import { growth } from "./forgetting.ts";
import { type Likeness, likenessOf, meanLevel, priorSkill, spreadsOf, tierOf } from "./skill.ts";
import type { Column, KindState, MarketState, Row, SharedRow } from "./state.ts";
import { surenessOf } from "./sureness.ts";

/**
 * Strength of the prior that a length band takes from the rest of its context, observations. It falls where the band
 * is seen to differ: z^2 is the squared difference over its sampling variance, 1 when there is none.
 */
const bandStrength = (z2: number): number => 400 / (1 + 2 * (z2 > 2 ? z2 - 2 : 0));

/** A snapshot of one kind prepared for reading: rows by bidder and what the posteriors need once a decision. */
export interface KindView {
  kind: KindState | undefined;
  growth: number;
  sharedGrowth: number;
  rows: Map<string, number>;
  shared: Map<string, SharedRow>;
  /** Made when the first bidder without a row is met. */
  likeness: Likeness | null;
  level: number;
}

/** Prepares one kind of a snapshot for reading. Cost: its rows. */
export function viewKind(state: MarketState, name: Kind, nowMs: number): KindView {
  const kind = state.kinds[name];
  const rows = new Map<string, number>();
  kind?.rows.forEach((row, i) => {
    rows.set(row.bidder, i);
  });
  const shared = new Map<string, SharedRow>();
  for (const row of state.shared.rows) shared.set(row.bidder, row);
  return {
    kind,
    growth: kind ? growth(kind, nowMs) : 1,
    sharedGrowth: growth(state.shared, nowMs),
    rows,
    shared,
    likeness: null,
    level: meanLevel(kind),
  };
}

/** A Beta posterior of acceptance: mean, total pseudo-count, and how many observations of its own it holds. */
export interface Posterior {
  mean: number;
  strength: number;
  own: number;
}

/**
 * Beta posterior of a bidder in a cell: the cell's own counts on a prior from its context's counts, on a prior from
 * kind, family, price tier and other kinds (Gelman et al., Bayesian Data Analysis, ch. 5; crossed effects in logits).
 */
export function acceptance(view: KindView, bidder: Bidder, column: Column | undefined, band: number): Posterior {
  const i = view.rows.get(bidder.id) ?? -1;
  const row: Row | undefined = i < 0 ? undefined : view.kind?.rows[i];
  if (row) return inCell(view, i, row, column, band);
  view.likeness ??= likenessOf(view.kind);
  const prior = priorSkill(view.likeness, view.shared.get(bidder.id), bidder.family, tierOf(bidder), null);
  return inCell(view, -1, { skill: prior.mean, variance: prior.variance }, column, band);
}

/** What recalibration looks at for a bidder whose posterior and row these are. */
export const featuresOf = (posterior: Posterior, row: Row | undefined, features: Features): number[] =>
  calibrationFeatures({
    mean: posterior.mean,
    recent: row?.recent ?? 0,
    own: posterior.own,
    sureness: surenessOf(row, bandOf(features.inputChars)),
    inputChars: features.inputChars,
  });

/** Mean of the same posterior for a bidder known by its id alone; the kind's level when it is unknown. */
export function competenceOf(view: KindView, id: string, column: Column | undefined, band: number): number {
  const i = view.rows.get(id) ?? -1;
  const row = i < 0 ? undefined : view.kind?.rows[i];
  return inCell(view, row ? i : -1, row ?? { skill: 0, variance: 1 }, column, band).mean;
}

function inCell(
  view: KindView,
  i: number,
  { skill, variance }: { skill: number; variance: number },
  column: Column | undefined,
  band: number,
): Posterior {
  const level = column?.level ?? view.level;
  const mean = logistic(level + skill);
  const [, context, interaction] = spreadsOf(view.kind);
  const total = interaction + variance + (column?.variance ?? context);
  // Delta method: variance of p = (p(1-p))^2 x variance in logits; strength = p(1-p) / variance - 1.
  const prior = within(1 / (mean * (1 - mean) * total) - 1, 1, 400);
  if (!column || i < 0) return { mean, strength: prior, own: 0 };
  const g = view.growth;
  const accept = (column.counts[2 * i] ?? 0) / g;
  const n = accept + (column.counts[2 * i + 1] ?? 0) / g;
  // No counts at all: who reads them says so.
  if (!(accept >= 0 && n >= accept)) return { mean: Number.NaN, strength: Number.NaN, own: n };
  const inBand = column.bands[band];
  const bandAccept = (inBand?.[2 * i] ?? 0) / g;
  const bandN = bandAccept + (inBand?.[2 * i + 1] ?? 0) / g;
  const rest = prior + n - bandN;
  const restMean = within((prior * mean + accept - bandAccept) / rest, 0.005, 0.995);
  const gap = bandN > 0 ? bandAccept / bandN - restMean : 0;
  const z2 = bandN > 0 ? (gap * gap) / (restMean * (1 - restMean) * (1 / bandN + 1 / rest)) : 0;
  const upper = 1 / (1 / rest + 1 / bandStrength(z2));
  const strength = upper + bandN;
  return { mean: within((upper * restMean + bandAccept) / strength, 0.005, 0.995), strength, own: n };
}

/** A context's column; undefined: it has none of its own. */
export const columnOf = (kind: KindState | undefined, context: string): Column | undefined =>
  kind?.columns.find((column) => column.name === context);
