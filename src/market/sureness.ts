import { bands } from "./cell.ts";
import { logistic, logit, within } from "./elementary.ts";
import type { Row } from "./state.ts";
import { blend } from "./tokens.ts";

/** Answers of a length band that its mean confidence is shrunk by. */
const shrink = 10;

/** A named confidence counts as at most so sure: who says 1 says no more than who says .95. */
const surest = 0.95;
const said = (confidence: number): number => logit(within(confidence, 1 - surest, surest));
/** Outcomes that what is taken to be proved of a bidder's confidence is shrunk by. */
const unproven = 10;

/** Keeps the confidence that a bidder named with an answer; what is no probability is dropped. */
export function learnSureness(row: Row, band: number, confidence: number): void {
  if (!(confidence >= 0 && confidence <= 1)) return;
  row.sure ??= Array.from({ length: 2 * bands }, () => 0);
  const weight = row.sure[2 * band] ?? 0;
  row.sure[2 * band + 1] = blend(row.sure[2 * band + 1] ?? 0, weight, confidence);
  row.sure[2 * band] = Math.min(300, weight + 1);
}

/**
 * How much surer than usual a bidder is on inputs of a length, in confidence, -1 to 1. Only the difference is used: how
 * sure a bidder is on the whole says more about its author than about its answers. Known without any verdict.
 */
export function surenessOf(row: Row | undefined, band: number): number {
  if (!row?.sure) return 0;
  let [sum, weight] = [0, 0];
  for (let b = 0; b < bands; b++) {
    const n = row.sure[2 * b] ?? 0;
    sum += n * (row.sure[2 * b + 1] ?? 0);
    weight += n;
  }
  const n = row.sure[2 * band] ?? 0;
  if (weight <= 0 || n <= 0) return 0;
  return within(((row.sure[2 * band + 1] ?? 0) - sum / weight) * (n / (n + shrink)), -1, 1);
}

/**
 * An answer for which a confidence was named turned out to be worth so much, 0 to 1, by other than its fellow bidders'
 * word: what they say of each other is weighed by such confidences.
 */
export function learnProof(row: Row, confidence: number, worth: number): void {
  if (!(confidence >= 0 && confidence <= 1)) return;
  const [weight, mean, right] = row.proved ?? [0, 0, 0];
  const named = within(confidence, 1 - surest, surest);
  row.proved = [Math.min(300, weight + 1), blend(mean, weight, named), blend(right, weight, within(worth, 0, 1))];
}

/**
 * P(right) of an answer, 0 to 1, by the confidence its bidder named: in logits what it says, moved by as much as its word
 * was off so far (recalibration of the intercept alone; Cox, Biometrika 1958). null: it named none.
 */
export function provenConfidence(row: Row | undefined, confidence: number | null): number | null {
  if (confidence === null || !(confidence >= 0 && confidence <= 1)) return null;
  const [weight, mean, right] = row?.proved ?? [0, 0.5, 0.5];
  return logistic(said(confidence) + ((said(right) - said(mean)) * weight) / (weight + unproven));
}
