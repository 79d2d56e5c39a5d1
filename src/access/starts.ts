/** So many starts of jobs were lent to a Worker, which uses them within `forMs`; none: there is room again after so long. */
export interface LentStarts {
  jobs: number;
  forMs: number;
}

/** One loan as its tenant's object remembers it; `untilMs`: the last moment at which it could be used, epoch ms. */
export interface Loan {
  jobs: number;
  untilMs: number;
}

/** So long a start counts. */
export const startCountsMs = 60_000;
/** Starts are lent for so long, and as many as the rate allows in that time. */
const lentMs = 2_000;

/**
 * Lends up to `want` starts of a tenant that may have `perMinute` of them: whatever the Workers do with them, no more
 * fall into any 60 s. `loans`: those made before; what was lent and not used counts, too. The caller keeps the new one.
 */
export function lendStarts(loans: readonly Loan[], perMinute: number, want: number, nowMs: number): LentStarts {
  if (want <= 0) return { jobs: 0, forMs: 0 };
  const live = loans.filter((loan) => loan.untilMs + startCountsMs > nowMs).sort((a, b) => a.untilMs - b.untilMs);
  const lent = live.reduce((sum, loan) => sum + loan.jobs, 0);
  const jobs = Math.min(want, perMinute - lent, Math.max(1, Math.floor((perMinute * lentMs) / startCountsMs)));
  if (jobs > 0) return { jobs, forMs: lentMs };
  let over = lent - perMinute + 1;
  for (const loan of live) {
    over -= loan.jobs;
    if (over <= 0) return { jobs: 0, forMs: loan.untilMs + startCountsMs - nowMs };
  }
  return { jobs: 0, forMs: startCountsMs };
}

/** Starts in a Worker's memory. `jobs` 0: it was refused, and need not ask before `untilMs` (its own clock). */
export interface StartsInHand extends Loan {
  left: number;
}

/** taken: it may start (`hand` is changed in place; null: there is no limit). ask: only the tenant's object can tell. */
export function takeStart(hand: StartsInHand | null, nowMs: number): "taken" | "refused" | "ask" {
  if (hand === null) return "taken";
  if (hand.untilMs <= nowMs) return "ask";
  if (hand.left > 0) {
    hand.left--;
    return "taken";
  }
  return hand.jobs === 0 ? "refused" : "ask";
}

/** A start that was not used after all, and could be until `untilMs`, comes back into the hand (changed in place). */
export function putBack(hand: StartsInHand, untilMs: number, nowMs: number): void {
  if (untilMs <= nowMs) return;
  const left = hand.untilMs > nowMs ? hand.left : 0;
  hand.untilMs = left > 0 ? Math.min(hand.untilMs, untilMs) : untilMs;
  hand.left = left + 1;
  hand.jobs = Math.max(1, hand.jobs);
}

/** How many to ask for: one, and twice as many as before where those were all used in their time. */
export const wantedStarts = (hand: StartsInHand | null, nowMs: number): number =>
  hand !== null && hand.untilMs > nowMs && hand.left === 0 ? Math.max(1, 2 * hand.jobs) : 1;
