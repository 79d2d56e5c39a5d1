import type { Kind } from "../plan/kind.ts";
import type { BreaksState } from "./break-record.ts";
import { type Calibration, firstCalibration } from "./calibration.ts";
import { bands } from "./cell.ts";
import type { JudgesState } from "./judge-profile.ts";

/**
 * Page's CUSUM of one direction: evidence, and since it last stood at zero outcomes, the sum of residuals, the context
 * of the first and how many came from others. Those two are absent in states of before.
 */
export type Detector = [evidence: number, outcomes: number, residual: number, first?: number, others?: number];
/** Bounds that keep a part below 64 KB of JSON: rows are bidders, columns are contexts. */
export const maxBidders = 64;
/** Contexts of a kind. */
export const maxContexts = 96;
/** Contexts x bidders: 64 bidders leave room for 16 contexts, 12 for 85. */
export const maxCells = 1024;
/** Contexts x length bands that keep counts of their own, x bidders. Others speak through their context only. */
export const maxBandCells = 480;
/** Bidders whose joint failures are counted in pairs; the others' failures hang together by the kind's loading alone. */
export const maxPaired = 32;
/** Observations a cell remembers of one bidder: older ones fade, so that it stays able to change its mind. */
export const cellMemory = 400;
/** Grid of latent correlations between bidders' failures; the data choose among them. */
export const loadings = [0, 0.35, 0.55, 0.7, 0.8, 0.88] as const;

/** Per-bidder numbers of one kind, by position; all weights are forward-weighted (see forgetting.ts). */
export interface Row {
  bidder: string;
  family: string;
  /** Log price, to find similar bidders. */
  tier: number;
  /** Skill above the kind's level in logits: posterior mean and variance. */
  skill: number;
  variance: number;
  /** Precision and precision x skill that this kind gave to the shared part. */
  given: [precision: number, skill: number];
  /** Outcomes the kind had when this bidder came. */
  since: number;
  /** Observations, sum of squared errors of claims, and of corrected outcomes. */
  claims: number;
  brier: number;
  /** Outcomes that evaluations told of it, for which nothing was claimed. Absent: none. */
  evaluated?: number;
  /** Fast average of (outcome - claim), and the two change detectors. */
  recent: number;
  fall: Detector;
  rise: Detector;
  /** Five bins of claims: weight, sum of claims, sum of outcomes. */
  bins: number[];
  /** By bin: variance that chance gives its sum of outcomes. Absent: no claim since it is kept. */
  noise?: number[];
  /** Confidence of its own that it named: weight and mean by length band. Absent: none yet. */
  sure?: number[];
  /** Confidences of its own whose answers were found right or wrong: weight, mean, share found right. Absent: none yet. */
  proved?: [weight: number, said: number, right: number];
  /** Tokens: weight, log ratio of measured to estimated input, log output tokens and its square. */
  tokens: [weight: number, inputRatio: number, logOutput: number, logOutputSquare: number];
  /** Total time where it was measured: weight, mean of log ms, mean of its square. */
  total: [weight: number, log: number, square: number];
}

/** One declared context of a kind: counts by bidder row (accept at 2i, reject at 2i + 1), whole and by length band. */
export interface Column {
  name: string;
  level: number;
  variance: number;
  counts: number[];
  bands: number[][];
  /** By row: weight, mean log output tokens; and of everybody: weight, mean log. */
  outputs: number[];
  output: [weight: number, log: number];
  /** Of closed questions, by row: answers that named a label, and that named none. Absent: all did. */
  unread?: number[];
  lastMs: number;
}

/** All that is known of one kind: a part of its own, at most 64 KB of JSON. */
export interface KindState {
  version: 1;
  /** Weights in this part were multiplied by exp(rate x (t - landmarkMs)). */
  landmarkMs: number;
  rows: Row[];
  columns: Column[];
  /** Hashes of names of contexts that came once and have no column yet, oldest first. Absent: none did. */
  cameOnce?: number[];
  /** Log evidence of each loading of the grid. */
  loading: number[];
  /** Both rejected: seen and expected, upper triangle by row pair, of the first `maxPaired` rows. */
  coFailed: number[];
  calibration: Calibration;
  /** Variances in logits that the kind has shown: of skills, of levels, of cells (see skill.ts). Absent: none yet. */
  spreads?: [bidder: number, context: number, interaction: number];
  /** Outcomes folded, all bidders; and since some bidder was last found changed. */
  outcomes: number;
  calm: number;
  /** What each tenant's word has weighed lately (see feedback-cap.ts), as of `atMs`. Absent: nobody said anything. */
  tellers?: { atMs: number; said: [tenant: string, outcomes: number][] };
}

/** What is known of one bidder over all kinds. */
export interface SharedRow {
  bidder: string;
  /** Sum of precision, and of precision x skill, over kinds. */
  precision: number;
  skill: number;
  /** Calls and failed calls (forward-weighted by time, the newest 300). */
  calls: number;
  failed: number;
  /** First-token ms where measured: weight, mean log, mean square log; and log ms per output token. */
  first: [weight: number, log: number, square: number];
  pace: [weight: number, log: number];
  /** Billed over predicted cost from tokens, a fast average of its log: catches prices that changed unannounced. */
  bill: number;
  /** Standing: mean Brier score over kinds, and claims counted. */
  brier: number;
  claims: number;
}

/** Who says what an answer was worth. */
export type Source = "criteria" | "judge" | "agreement" | "feedback" | "audit";

/** What holds over all kinds: a part of its own. */
export interface SharedState {
  version: 1;
  landmarkMs: number;
  rows: SharedRow[];
  /** By source: says accept when good, when good; says reject when bad, when bad (counts). */
  reliability: Partial<Record<Source, [accepted: number, good: number, rejected: number, bad: number]>>;
  /** What each tenant's word on sources has weighed lately (see feedback-cap.ts). Absent: nobody said anything. */
  tellers?: NonNullable<KindState["tellers"]>;
}

/** All that the market knows. Plain JSON in parts: one shared and one a kind, each stored by its own version. */
export interface MarketState {
  shared: SharedState;
  kinds: Partial<Record<Kind, KindState>>;
  /** Absent: no judge was measured yet. */
  judges?: JudgesState;
  /** What became of accepted prefixes. Absent: none was seen to its end yet. */
  breaks?: BreaksState;
}

/** Nothing is known. */
export const emptyShared = (): SharedState => ({ version: 1, landmarkMs: 0, rows: [], reliability: {} });

/** A kind of which nothing is known. */
export const emptyKind = (): KindState => ({
  version: 1,
  landmarkMs: 0,
  rows: [],
  columns: [],
  loading: loadings.map(() => 0),
  coFailed: [],
  calibration: { mean: firstCalibration.mean.slice(), precision: firstCalibration.precision.slice() },
  outcomes: 0,
  calm: 0,
});

/** A market that has seen nothing. */
export const emptyMarket = (): MarketState => ({ shared: emptyShared(), kinds: {} });

/** A context of which nothing is known. */
export const emptyColumn = (name: string): Column => ({
  name,
  level: 0,
  variance: 1,
  counts: [],
  bands: Array.from({ length: bands }, () => []),
  outputs: [],
  output: [0, 0],
  lastMs: 0,
});
