import {
  type FirstTokenWaits,
  learnFirstToken,
  newFirstTokenWaits,
  type Survival,
  survivalOf,
} from "./first-token-waits.ts";

/** Leaders that are still silent when their hedge is due: below what is earned, so that the longest waits find credit. */
const wantShare = 0.042;
/** Before so many waits a bidder is taken to be like all others, and the first target is not set. */
const fewestSeen = 200;
/** Share of all waits that are longer than the first target. */
const firstLate = 0.03;
/** A hedge is bought where it prevents a late answer with at least this probability, at the margin. */
const worthOfHedge = 0.5;
/**
 * Steps of the target on the log scale, over the leaders seen, down to `leastStep`. The best gain is 1 over the density
 * at the quantile sought (Robbins & Monro 1951; Chung 1954): at 4.2 % of log-normal waits 0.09 / spread, and the spread
 * of leaders of a fleet is about 1. With less a first target that was wrong is left too slowly.
 */
const gain = 10;
const leastStep = 0.005;
/** Waits that are weighed, each this much shorter than the one before. */
const step = 1.02;
const mostBidders = 256;
/** A due time is weighed anew when the target moved by this share, or the waits it rests on grew by a twentieth. */
const stale = 0.003;

interface Due {
  targetMs: number;
  grownTo: number;
  dueMs: number;
}

/**
 * When hedges start. Learns how long each bidder's first token is waited for, and one wait for all that hedges are to
 * prevent: the target, moved so that a fixed share of leaders is silent when its hedge is due.
 */
export class HedgeTimes {
  readonly #all = newFirstTokenWaits();
  readonly #of = new Map<string, FirstTokenWaits>();
  readonly #due = new Map<string, Due>();
  #targetMs: number | null = null;
  #seen = 0;

  /** ms after its leader that a hedge is due; the leader's own p95 until enough was seen. */
  dueMs(leader: string, hedge: string, leaderP95Ms: number): number {
    const targetMs = this.#targetMs;
    if (targetMs === null) return leaderP95Ms;
    const [own, its] = [this.#waits(leader), this.#waits(hedge)];
    const seen = own.seen + its.seen;
    const key = `${leader} ${hedge}`;
    const known = this.#due.get(key);
    if (known !== undefined && seen < known.grownTo && Math.abs(known.targetMs / targetMs - 1) < stale)
      return known.dueMs;
    const dueMs = leastDue(targetMs, survivalOf(own), survivalOf(its));
    if (this.#due.size >= mostBidders) this.#due.clear();
    this.#due.set(key, { targetMs, grownTo: 1 + 1.05 * seen, dueMs });
    return dueMs;
  }

  /** A first token of this bidder came after `ms`, or had not come by then (`censored`: it was cut, or it failed). */
  heard(bidder: string, ms: number, censored: boolean): void {
    const own = this.#of.get(bidder) ?? newFirstTokenWaits();
    this.#of.delete(bidder);
    this.#of.set(bidder, own);
    const [oldest] = this.#of.keys();
    if (this.#of.size > mostBidders && oldest !== undefined) this.#of.delete(oldest);
    learnFirstToken(own, ms, censored);
    learnFirstToken(this.#all, ms, censored);
  }

  /**
   * A leader whose hedge was due after `dueMs` spoke after `ms`, or had not by then (`censored`). Stochastic
   * approximation of a quantile on the log scale (Robbins & Monro 1951).
   */
  leaderWaited(ms: number, censored: boolean, dueMs: number): void {
    this.#seen++;
    if (this.#targetMs === null) {
      if (this.#seen >= fewestSeen) this.#targetMs = exceededBy(survivalOf(this.#all), firstLate);
      return;
    }
    const late = ms >= dueMs * 0.999;
    if (censored && !late) return;
    const size = Math.max(leastStep, gain / this.#seen);
    this.#targetMs *= Math.exp(late ? size * (1 - wantShare) : -size * wantShare);
  }

  #waits(bidder: string): FirstTokenWaits {
    const own = this.#of.get(bidder);
    return own === undefined || own.total < fewestSeen ? this.#all : own;
  }
}

/**
 * With a hedge, an answer is later than the target when neither the leader has spoken by then nor the hedge in what is
 * left: P(leader > target) x P(hedge > target - due). Waiting longer saves hedges, P(leader > due), and leaves them
 * less time. The due time with the least of both, weighed, comes early for a leader whose silence means trouble and
 * late for one that is merely slow; never so late that the hedge would more likely than not miss the target.
 */
function leastDue(targetMs: number, leader: Survival, hedge: Survival): number {
  const lost = leader(targetMs);
  const latest = targetMs - Math.min(targetMs / 2, exceededBy(hedge, 0.5));
  let dueMs = latest;
  let least = Number.POSITIVE_INFINITY;
  for (let at = latest; at > targetMs / 8; at /= step) {
    const price = lost * hedge(targetMs - at) + worthOfHedge * leader(at);
    if (price >= least) continue;
    least = price;
    dueMs = at;
  }
  return dueMs;
}

/** The wait that this share exceeds, ms, to 2 %. */
function exceededBy(survival: Survival, share: number): number {
  let ms = 16;
  while (ms < 120_000 && survival(ms) > share) ms *= step;
  return ms;
}
