import type { Bidder } from "./bidder.ts";
import { claimBins } from "./claim-record.ts";
import { pairIndex } from "./co-failure.ts";
import { giveUpBands } from "./length-bands.ts";
import { tierOf } from "./skill.ts";
import { type KindState, maxBidders, maxPaired, type Row, type SharedRow, type SharedState } from "./state.ts";

/**
 * Index of a bidder's row, made when there is room; a bidder that left the list gives its row up, and to one that `ran`
 * the one of whom least is known, those with it in the same settlement (`beside`) apart. -1: no room. Who takes part
 * only by name takes no row from those that always do.
 */
export function rowFor(
  kind: KindState,
  id: string,
  bidders: ReadonlyMap<string, Bidder>,
  ran = false,
  beside: ReadonlySet<string> = new Set(),
): number {
  const known = kind.rows.findIndex((row) => row.bidder === id);
  const bidder = bidders.get(id);
  if (known >= 0) {
    const row = kind.rows[known];
    if (row && bidder) {
      row.family = bidder.family;
      row.tier = tierOf(bidder);
    }
    return known;
  }
  if (!bidder) return -1;
  const fresh: Row = {
    bidder: id,
    family: bidder.family,
    tier: tierOf(bidder),
    skill: 0,
    variance: 1,
    given: [0, 0],
    // Where not all have room some come back: nobody is tried as a newcomer then.
    since: isFull(kind) ? 0 : kind.outcomes,
    claims: 0,
    brier: 0,
    recent: 0,
    fall: [0, 0, 0],
    rise: [0, 0, 0],
    bins: Array.from({ length: 3 * claimBins }, () => 0),
    tokens: [0, 0, 0, 0],
    total: [0, 0, 0],
  };
  if (!isFull(kind)) {
    kind.rows.push(fresh);
    giveUpBands(kind);
    return kind.rows.length - 1;
  }
  const left = kind.rows.findIndex((row) => !bidders.has(row.bidder));
  const gone = left < 0 && ran ? leastKnown(kind, bidders, bidder, beside) : left;
  if (gone < 0) return -1;
  kind.rows[gone] = fresh;
  for (const column of kind.columns) {
    for (const pairs of [column.counts, column.outputs, column.unread ?? [], ...column.bands]) {
      if (2 * gone < pairs.length) pairs[2 * gone] = 0;
      if (2 * gone + 1 < pairs.length) pairs[2 * gone + 1] = 0;
    }
  }
  for (let i = 0; i < maxPaired; i++) {
    const at = pairIndex(gone, i);
    if (i !== gone && at + 1 < kind.coFailed.length) kind.coFailed.fill(0, at, at + 2);
  }
  return gone;
}

/** Has a newcomer to take the place of another? */
export const isFull = (kind: KindState): boolean => kind.rows.length >= maxBidders;

/** The row with fewest outcomes, after forgetting, of those that may be given up for this bidder; -1: none. */
function leastKnown(
  kind: KindState,
  bidders: ReadonlyMap<string, Bidder>,
  { onlyByName }: Bidder,
  beside: ReadonlySet<string>,
): number {
  let least = -1;
  let fewest = Number.POSITIVE_INFINITY;
  kind.rows.forEach((row, i) => {
    const named = bidders.get(row.bidder)?.onlyByName === true;
    if (beside.has(row.bidder) || (onlyByName === true && !named)) return;
    const outcomes = kind.columns.reduce((n, { counts }) => n + (counts[2 * i] ?? 0) + (counts[2 * i + 1] ?? 0), 0);
    if (outcomes >= fewest) return;
    least = i;
    fewest = outcomes;
  });
  return least;
}

/** A bidder's row over all kinds; null when it is unknown and there is no room. */
export function sharedRowFor(shared: SharedState, id: string, bidders: ReadonlyMap<string, Bidder>): SharedRow | null {
  const known = shared.rows.find((row) => row.bidder === id);
  if (known) return known;
  if (!bidders.has(id)) return null;
  const fresh: SharedRow = {
    bidder: id,
    precision: 0,
    skill: 0,
    calls: 0,
    failed: 0,
    first: [0, 0, 0],
    pace: [0, 0],
    bill: 0,
    brier: 0,
    claims: 0,
  };
  if (shared.rows.length < 4 * maxBidders) {
    shared.rows.push(fresh);
    return fresh;
  }
  let gone = shared.rows.findIndex((row) => !bidders.has(row.bidder));
  // All of them are still there: the one that was called least.
  if (gone < 0)
    gone = shared.rows.reduce((least, row, i) => (row.calls < (shared.rows[least]?.calls ?? 0) ? i : least), 0);
  shared.rows[gone] = fresh;
  return fresh;
}
