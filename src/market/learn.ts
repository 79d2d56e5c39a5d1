import { costOf } from "../money/price.ts";
import type { Bidder } from "./bidder.ts";
import { emptyBreaks, learnBreaks } from "./break-record.ts";
import { learnCalibration, recalibrate } from "./calibration.ts";
import { recordCall, tellsOfErrors } from "./call-record.ts";
import { bandOf, contextOf } from "./cell.ts";
import { recordClaim } from "./claim-record.ts";
import { acceptAtNodes, afterVerdict, conditional, freshBelief, loadingOf, pairIndex } from "./co-failure.ts";
import { columnFor } from "./contexts.ts";
import { watchForDrift } from "./drift.ts";
import { logarithm, within } from "./elementary.ts";
import { brokenField, servesKind } from "./eligibility.ts";
import { corrected, noisy, pseudoCounts } from "./evidence.ts";
import { admitTold, isTold, sourceCap } from "./feedback-cap.ts";
import { growth } from "./forgetting.ts";
import { emptyJudges, learnJudges } from "./judge-profile.ts";
import { knownBefore, knownByRole, type Others, type Told } from "./known-before.ts";
import { learnTimes } from "./latency.ts";
import { hasBand } from "./length-bands.ts";
import { acceptance, featuresOf, type KindView, viewKind } from "./profile.ts";
import { learnReadable } from "./readable.ts";
import { rebaseKind, rebaseShared } from "./rebase.ts";
import { learnReliability, reliabilityOf } from "./reliability.ts";
import { roundKind, roundShared } from "./rounding.ts";
import { rowFor, sharedRowFor } from "./rows.ts";
import type { AttemptReport, Outcome, Settlement } from "./settlement.ts";
import { refit } from "./skill.ts";
import {
  type Column,
  cellMemory,
  emptyKind,
  type KindState,
  loadings,
  type MarketState,
  maxPaired,
  type Row,
} from "./state.ts";
import { learnProof, learnSureness } from "./sureness.ts";
import { learnTokens } from "./tokens.ts";

/**
 * Outcomes a bidder needs in a context before a surprise there can mean that it changed: earlier the claim came from
 * elsewhere, and the surprise only says that this context is not like others.
 */
const establishedFrom = 20;

interface Seen extends Told {
  row: number;
  features: number[];
  own: number;
}

/** Folds one settlement into the state, in place. Repeats must be dropped by the caller (by `key`). Bad rows are skipped. */
export function learn(state: MarketState, settlement: Settlement, listed: readonly Bidder[]): void {
  // A settlement without a time or a length would spoil every weight it touches.
  if (!Number.isFinite(settlement.atMs) || !Number.isFinite(settlement.features.inputChars)) return;
  // One bidder's broken entry must not keep the others from learning.
  const bidders = listed.filter((bidder) => brokenField(bidder) === null);
  const byId = new Map(bidders.map((bidder) => [bidder.id, bidder]));
  const kind = state.kinds[settlement.kind] ?? emptyKind();
  state.kinds[settlement.kind] = kind;
  rebaseKind(kind, settlement.atMs);
  rebaseShared(state.shared, settlement.atMs);
  const band = bandOf(settlement.features.inputChars);
  const estimate = settlement.estimatedInputTokens ?? settlement.features.inputChars / 4;
  const present = new Set(kind.rows.map((row) => row.bidder));
  for (const bidder of bidders) {
    if (bidder.enabled && servesKind(bidder, settlement.kind) && !bidder.onlyByName && !present.has(bidder.id))
      rowFor(kind, bidder.id, byId);
  }
  const ran = new Set(settlement.attempts.map((report) => report.bidder));
  for (const id of ran) rowFor(kind, id, byId, true, ran);
  // After the rows: more bidders leave room for fewer contexts.
  const column = columnFor(kind, contextOf(settlement.features), settlement.atMs);
  // Settlements come late: their outcomes weigh as of then, the state is as of its newest.
  const nowMs = Math.max(settlement.atMs, ...kind.columns.map((one) => one.lastMs));
  const seen: Seen[] = [];
  let admitted = 0;
  const named: [row: Row, confidence: number][] = [];
  const proved: [row: Row, confidence: number, worth: number][] = [];
  const touched = new Set<number>();
  const view = viewKind(state, settlement.kind, nowMs);
  const claimed = settlement.evaluated !== true;
  for (const report of settlement.attempts) {
    const row = view.rows.get(report.bidder) ?? -1;
    if (row < 0 || !sound(report)) continue;
    touched.add(row);
    if (!settlement.again && report.measured !== false)
      learnCall(state, kind, column, row, report, byId, estimate, { atMs: settlement.atMs, nowMs }, claimed);
    const own = kind.rows[row];
    if (own && !settlement.again && typeof report.confidence === "number") named.push([own, report.confidence]);
    const outcome = report.outcome;
    const bidder = byId.get(report.bidder);
    // The bidder's bid was for its first try.
    if (report.role === "reask") continue;
    if (!outcome || !bidder || outcome.reliability.trueAccept + outcome.reliability.trueReject < 1.05) continue;
    const capped = isTold(outcome.source) && settlement.trusted !== true;
    if (capped && !admitTold(kind, settlement.tenant, settlement.atMs)) continue;
    if (isTold(outcome.source)) admitted++;
    const worth = corrected(outcome.worth, outcome.reliability);
    if (own && outcome.source !== "agreement" && typeof report.confidence === "number" && worth !== null)
      proved.push([own, report.confidence, worth]);
    const posterior = acceptance(view, bidder, column, band);
    const features = featuresOf(posterior, kind.rows[row], settlement.features);
    seen.push({ row, report, outcome, features, own: posterior.own, p: recalibrate(kind.calibration, features) });
    if (capped && !admitTold(state.shared, settlement.tenant, settlement.atMs, sourceCap)) continue;
    learnReliability(state.shared, outcome);
  }
  const others: Others = (id) => {
    const bidder = byId.get(id);
    if (!bidder) return null;
    const features = featuresOf(
      acceptance(view, bidder, column, band),
      kind.rows[view.rows.get(id) ?? -1],
      settlement.features,
    );
    return { p: recalibrate(kind.calibration, features), reliability: reliabilityOf(state, "judge") };
  };
  if (seen.length > 0) learnOutcomes(kind, column, band, seen, { atMs: settlement.atMs, nowMs }, view, others, claimed);
  // What feedback says of a judge is as much a tenant's word as what it says of an answer.
  const lessons = (settlement.judges ?? []).slice(0, settlement.again ? admitted : undefined);
  if (lessons.length > 0) {
    state.judges ??= emptyJudges();
    learnJudges(state.judges, lessons);
  }
  if (settlement.prefixes !== undefined && settlement.prefixes.length > 0) {
    state.breaks ??= emptyBreaks();
    learnBreaks(state.breaks, settlement.kind, settlement.prefixes, settlement.atMs);
  }
  // After the outcomes: a claim is scored with what was known when it was made.
  for (const [row, confidence] of named) learnSureness(row, band, confidence);
  for (const [row, confidence, worth] of proved) learnProof(row, confidence, worth);
  roundKind(kind, touched, column);
  roundShared(state.shared);
}

function sound(report: AttemptReport): boolean {
  const numbers = [report.costNano, report.totalMs, report.inputTokens, report.outputTokens, report.claimed.accept];
  if (report.outcome)
    numbers.push(report.outcome.worth, report.outcome.reliability.trueAccept, report.outcome.reliability.trueReject);
  return numbers.every((x) => Number.isFinite(x) && x >= 0) && (report.outcome === null || report.outcome.worth <= 1);
}

/** When what is learned happened, and the newest that was learned of its kind. */
interface When {
  atMs: number;
  nowMs: number;
}

/** What a call teaches whatever its answer was worth: errors, times, tokens, price. */
function learnCall(
  state: MarketState,
  kind: KindState,
  column: Column,
  index: number,
  report: AttemptReport,
  byId: ReadonlyMap<string, Bidder>,
  estimate: number,
  { atMs, nowMs }: When,
  claimed: boolean,
): void {
  const shared = sharedRowFor(state.shared, report.bidder, byId);
  const row = kind.rows[index];
  const bidder = byId.get(report.bidder);
  if (!shared || !row || !bidder) return;
  const g = growth(state.shared, atMs);
  // An evaluation has the answers that came: of calls that brought none it says nothing.
  if (claimed && tellsOfErrors(report))
    recordCall(shared, report.failure !== null && !report.censored, g, growth(state.shared, nowMs));
  learnTimes(shared, row, report);
  if (isAnswer(report)) learnReadable(column, index, report.unreadable !== true);
  if (report.failure !== null || report.censored) return;
  // What an arm thinks is no part of what others write.
  const everybody = bidder.arm === undefined;
  const written = report.estimatedInputTokens ?? estimate;
  learnTokens(row, index, column, written, report.inputTokens, report.outputTokens, everybody);
  // What bids make of the list: of that they are to learn how far the bill is.
  const { inputTokens: input, outputTokens: output, cachedTokens = 0, estimatedInputTokens = input } = report;
  const cachedInput = estimatedInputTokens > 0 ? (cachedTokens * input) / estimatedInputTokens : 0;
  const listed = costOf(bidder.price, { input, output, cachedInput, source: "counted" });
  if (listed > 100 && report.costNano > 0)
    shared.bill += 0.2 * (within(logarithm(report.costNano / listed), -2.5, 2.5) - shared.bill);
}

/** It wrote all it would, or as much as told that it names no label. */
const isAnswer = ({ failure, censored, unreadable }: AttemptReport): boolean =>
  failure === null && (unreadable === true || !censored);

function learnOutcomes(
  kind: KindState,
  column: Column,
  band: number,
  seen: readonly Seen[],
  { atMs, nowMs }: When,
  view: KindView,
  others: Others,
  claimed: boolean,
): void {
  const g = growth(kind, atMs);
  const newest = growth(kind, nowMs);
  const r = loadingOf(kind);
  const keepBand = hasBand(kind, column, band);
  let belief = freshBelief();
  const byRole = knownByRole(seen, r);
  const rejected: Seen[] = [];
  const changes: (() => void)[] = [];
  for (const [at, one] of seen.entries()) {
    const { after } = one.report;
    const known = Array.isArray(after) ? knownBefore(one, after, seen, r, others) : byRole[at];
    if (!known) continue;
    const { mean, slope } = conditional(one.p, known.belief, r);
    const { reliability, worth } = one.outcome;
    const power = reliability.trueAccept + reliability.trueReject - 1;
    const counts = pseudoCounts(one.p, noisy(mean, reliability), slope * power, worth);
    const { accept, reject } = inPlaceOf(one.outcome, counts);
    changes.push(() => addCounts(column, keepBand ? band : -1, one.row, accept * g, reject * g, newest));
    for (const other of rejected) {
      const pair = pairIndex(other.row, one.row);
      if (other.row === one.row || Math.max(other.row, one.row) >= maxPaired) continue;
      const joint = conditional(one.p, belief, r).mean;
      while (kind.coFailed.length < pair + 2) kind.coFailed.push(0);
      const part = partOf(one.outcome) * g;
      kind.coFailed[pair] = (kind.coFailed[pair] ?? 0) + (1 - worth) * part;
      kind.coFailed[pair + 1] = (kind.coFailed[pair + 1] ?? 0) + (1 - noisy(joint, reliability)) * part;
    }
    belief = afterVerdict(belief, acceptAtNodes(one.p, r), worth, reliability);
    if (worth < 0.5) rejected.push(one);
    const row = kind.rows[one.row];
    if (!row) continue;
    if (!claimed) {
      row.evaluated = (row.evaluated ?? 0) + 1;
      continue;
    }
    // Only what ran before anything was seen is unconditional and may recalibrate first claims.
    if (known.first) learnCalibration(kind.calibration, one.features, worth, reliability, partOf(one.outcome));
    const clean = corrected(worth, reliability);
    if (clean !== null) {
      // Its bid did not know of a rejection in its own round: what it would have claimed then is what is scored.
      const claim = known.unforeseen ? mean : claimOf(one.report);
      const q = noisy(claim, reliability);
      recordClaim(row, claim, clean, (q * (1 - q)) / (power * power));
    }
    changes.push(() => {
      // A word raises no alarm: an alarm forgets, and a few words must not undo a record. Nor does a form, which would
      // undo what words have said of answers that have it.
      if (isTold(one.outcome.source) || one.outcome.weight !== undefined || one.own < establishedFrom) return;
      if (watchForDrift(kind, one.row, row, column, mean, one.own, worth, reliability)) kind.calm = 0;
    });
  }
  learnLoading(kind, seen);
  for (const change of changes) change();
  const outcomes = seen.reduce((sum, one) => sum + partOf(one.outcome), 0);
  kind.outcomes += outcomes;
  kind.calm += outcomes;
  refit(kind, view.shared, newest);
}

const partOf = ({ weight = 1 }: Outcome): number => within(weight, 0, 1);

/** The counts of an outcome, weighed, less those of the one in whose place it is. */
function inPlaceOf(outcome: Outcome, counts: { accept: number; reject: number }): { accept: number; reject: number } {
  const { instead } = outcome;
  const part = partOf(outcome);
  const [worth, before] = [within(instead?.worth ?? 0, 0, 1), within(instead?.weight ?? 0, 0, 1)];
  return { accept: part * counts.accept - before * worth, reject: part * counts.reject - before * (1 - worth) };
}

/** What a bid said of an answer that came. */
function claimOf({ claimed: { accept, answered } }: AttemptReport): number {
  return within(typeof answered === "number" && Number.isFinite(answered) ? answered : accept, 0, 1);
}

/** `g`: the weight of now, in which the memory is counted. */
function addCounts(column: Column, band: number, row: number, accept: number, reject: number, g: number): void {
  const targets = band >= 0 ? [column.counts, column.bands[band] ?? []] : [column.counts];
  for (const counts of targets) {
    while (counts.length < 2 * row + 2) counts.push(0);
    const a = Math.max(0, (counts[2 * row] ?? 0) + accept);
    const b = Math.max(0, (counts[2 * row + 1] ?? 0) + reject);
    const fade = Math.min(1, (cellMemory * g) / Math.max(1e-9, a + b));
    counts[2 * row] = a * fade;
    counts[2 * row + 1] = b * fade;
  }
}

/** Log evidence of each loading from outcomes on one input: how well earlier ones forecast later ones under it. */
function learnLoading(kind: KindState, seen: readonly Seen[]): void {
  if (seen.length < 2) return;
  for (let at = 0; at < loadings.length; at++) {
    const r = loadings[at] ?? 0;
    let belief = freshBelief();
    let evidence = 0;
    for (const one of seen) {
      const q = within(noisy(conditional(one.p, belief, r).mean, one.outcome.reliability), 0.01, 0.99);
      evidence += one.outcome.worth * logarithm(q) + (1 - one.outcome.worth) * logarithm(1 - q);
      belief = afterVerdict(belief, acceptAtNodes(one.p, r), one.outcome.worth, one.outcome.reliability);
    }
    kind.loading[at] = (kind.loading[at] ?? 0) * 0.9995 + evidence;
  }
  const top = Math.max(...kind.loading);
  for (let at = 0; at < kind.loading.length; at++) kind.loading[at] = Math.max(-60, (kind.loading[at] ?? 0) - top);
}
