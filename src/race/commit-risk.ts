/**
 * How often a criterion that stood on a prefix broke before the end, by criterion and by how far the answer was
 * (quarters of its expected length). Plain JSON, one for a kind; counts fade beyond `heaviest`.
 */
export interface CommitRisk {
  [criterion: string]: { held: number; broke: number }[];
}

const quarters = 4;
/** One break in fifty before anything is known: too much to commit on, so it is learned from whole answers first. */
const prior = { held: 49, broke: 1 };
const heaviest = 5_000;

/** Quarter of the answer that a prefix reaches: 0 to 3. */
export const quarterOf = (tokens: number, expectedTokens: number): number =>
  Math.min(quarters - 1, Math.floor((quarters * tokens) / Math.max(1, expectedTokens)));

/** Standard deviations (of a count) above its mean at which a risk is read: a bet is made on what is known for sure. */
const caution = 1.64;

/** P(one of these standing criteria breaks later), taken as independent, upper 95 % end. Goes to `Racer.breakRisk`. */
export function breakRisk(risk: CommitRisk, standing: readonly string[], quarter: number): number {
  let holds = 1;
  let variance = 0;
  for (const criterion of standing) {
    const { held, broke } = risk[criterion]?.[quarter] ?? prior;
    const sum = held + broke;
    holds *= held / sum;
    variance += broke / (sum * sum);
  }
  return Math.min(1, 1 - holds + caution * Math.sqrt(variance));
}

/**
 * A whole answer: did this criterion, which stood at the start of this quarter, hold to the end? The start, because the
 * risk falls with progress and the start then bounds the whole quarter. Only answers whose end was uncontested teach
 * (sequential, or committed): in a race short answers finish first, and long ones that would break are cut unseen.
 * Mutates.
 */
export function learnBreak(risk: CommitRisk, criterion: string, quarter: number, broke: boolean): void {
  risk[criterion] ??= Array.from({ length: quarters }, () => ({ ...prior }));
  const counts = risk[criterion]?.[quarter];
  if (counts === undefined) return;
  if (broke) counts.broke++;
  else counts.held++;
  const sum = counts.held + counts.broke;
  if (sum > heaviest) {
    counts.held *= heaviest / sum;
    counts.broke *= heaviest / sum;
  }
}
