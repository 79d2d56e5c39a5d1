import { acceptAtNodes, afterVerdict, freshBelief } from "./co-failure.ts";
import type { AttemptReport, Outcome } from "./settlement.ts";

/** One attempt of a settlement whose worth is told, and its calibrated probability before. */
export interface Told {
  report: AttemptReport;
  outcome: Outcome;
  p: number;
}

/** Belief about the input that an outcome is seen under. */
export interface Known {
  belief: number[];
  /** Nothing had to happen for it to be seen. */
  first: boolean;
  /** It was waited for within its own round: its bid did not know what the outcome depends on. */
  unforeseen: boolean;
}

/** P(accepted) of a bidder that is not among those told, and how far the word of who rejected it can be trusted. */
export type Others = (bidder: string) => { p: number; reliability: Outcome["reliability"] } | null;

/**
 * What was known of the input where an outcome came to be seen: that those named in `after` were rejected. What became
 * of the rest had no part in it, and would say the same twice.
 */
export function knownBefore(
  one: Told,
  after: readonly string[],
  told: readonly Told[],
  r: number,
  others: Others,
): Known {
  const known: Known = { belief: freshBelief(), first: true, unforeseen: false };
  for (const bidder of after) {
    const rival = told.find((other) => other !== one && other.report.bidder === bidder);
    const away = rival === undefined ? others(bidder) : null;
    if (rival === undefined && away === null) continue;
    const p = rival?.p ?? away?.p ?? 0.5;
    const reliability = rival?.outcome.reliability ?? away?.reliability ?? { trueAccept: 1, trueReject: 1 };
    known.belief = afterVerdict(known.belief, acceptAtNodes(p, r), rival?.outcome.worth ?? 0, reliability);
    known.first = false;
    if (rival === undefined ? one.report.role !== "leader" : rival.report.round === one.report.round)
      known.unforeseen = true;
  }
  return known;
}

/** The same for each attempt of a settlement of before `after` was kept: only a fall-back waited for a rejection. */
export function knownByRole(told: readonly Told[], r: number): Known[] {
  const start = freshBelief();
  let belief = start;
  let atStart = belief;
  let round: number | undefined;
  return told.map(({ report, outcome, p }) => {
    if (report.role === "leader" || report.round !== round) atStart = belief;
    round = report.round;
    const known = report.role === "fallback" ? belief : atStart;
    belief = afterVerdict(belief, acceptAtNodes(p, r), outcome.worth, outcome.reliability);
    return { belief: known, first: known === start, unforeseen: false };
  });
}
