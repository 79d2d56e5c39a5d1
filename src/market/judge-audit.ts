/**
 * Audits of one judge's verdicts on answers of one truth, each weighted by the inverse of the probability it was drawn
 * with (Horvitz and Thompson, JASA 1952): what was drawn rarely stands for more. Old ones fade.
 */
export interface AuditSums {
  /** Sum of weights, of the weights of verdicts that were right, and of squared weights. */
  weight: number;
  right: number;
  squares: number;
}

/** What audits say of a judge: on answers that the auditor found good, and on those it found bad. */
export interface JudgeAudits {
  good: AuditSums;
  bad: AuditSums;
  /** Audits folded in, never faded. */
  n: number;
}

/** One audited verdict: what the judge said, what the auditor found, and the probability with which it was drawn. */
export interface AuditLesson {
  about: "audit";
  said: "accept" | "reject";
  good: boolean;
  /** Above 0, at most 1. */
  share: number;
}

const none: AuditSums = { weight: 0, right: 0, squares: 0 };
/** Audits of one truth that weigh in: the newest of more, exponentially. */
const memory = 250;
/** A share below it would let one audit speak for a thousand verdicts and more. */
const leastShare = 0.001;

/** The audits after one more; the old ones are left as they are. A share that is no probability changes nothing. */
export function learnAudit(audits: JudgeAudits | undefined, lesson: AuditLesson): JudgeAudits {
  const { good, bad, n } = audits ?? { good: none, bad: none, n: 0 };
  if (!(lesson.share > 0 && lesson.share <= 1)) return { good, bad, n };
  const weight = 1 / Math.max(leastShare, lesson.share);
  const right = lesson.good === (lesson.said === "accept");
  const add = (sums: AuditSums): AuditSums => {
    const keep = 1 - 1 / memory;
    return {
      weight: round(sums.weight * keep + weight),
      right: round(sums.right * keep + (right ? weight : 0)),
      squares: round(sums.squares * keep * keep + weight * weight),
    };
  };
  return lesson.good ? { good: add(good), bad, n: n + 1 } : { good, bad: add(bad), n: n + 1 };
}

/**
 * Other lessons come by selection: people speak of what annoys them, code of what it can check. Beside a random sample
 * they are a prior of at most this many observations, so that their slant is outweighed however many they are.
 */
const mostSelected = 20;

/**
 * Counts together with what audits say: their share of right verdicts (self-normalised, Hajek 1971), with the weight of
 * their effective number, (sum of weights)^2 / sum of squares (Kish 1965). One audit is one observation at most.
 */
export function withAudits(
  counts: { yes: number; no: number },
  sums: AuditSums | undefined,
): { yes: number; no: number } {
  if (sums === undefined || sums.squares === 0) return counts;
  const effective = (sums.weight * sums.weight) / sums.squares;
  const right = sums.right / sums.weight;
  const kept = Math.min(1, mostSelected / (counts.yes + counts.no));
  return { yes: kept * counts.yes + effective * right, no: kept * counts.no + effective * (1 - right) };
}

const round = (x: number): number => Math.round(x * 1e3) / 1e3;
