import type { Bidder } from "./bidder.ts";
import { claimBins } from "./claim-record.ts";
import { giveUpBands } from "./length-bands.ts";
import { tierOf } from "./skill.ts";
import { type KindState, maxBidders, type Row, type SharedRow, type SharedState } from "./state.ts";

/** Index of a bidder's row, made when there is room; a bidder that left the list gives its row up. -1: no room. */
export function rowFor(kind: KindState, id: string, bidders: ReadonlyMap<string, Bidder>): number {
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
    since: kind.outcomes,
    claims: 0,
    brier: 0,
    recent: 0,
    fall: [0, 0, 0],
    rise: [0, 0, 0],
    bins: Array.from({ length: 3 * claimBins }, () => 0),
    tokens: [0, 0, 0, 0],
    total: [0, 0, 0],
  };
  if (kind.rows.length < maxBidders) {
    kind.rows.push(fresh);
    giveUpBands(kind);
    return kind.rows.length - 1;
  }
  const gone = kind.rows.findIndex((row) => !bidders.has(row.bidder));
  if (gone < 0) return -1;
  kind.rows[gone] = fresh;
  for (const column of kind.columns) {
    for (const pairs of [column.counts, column.outputs, ...column.bands]) {
      if (2 * gone < pairs.length) pairs[2 * gone] = 0;
      if (2 * gone + 1 < pairs.length) pairs[2 * gone + 1] = 0;
    }
  }
  kind.coFailed = [];
  return gone;
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
  const gone = shared.rows.findIndex((row) => !bidders.has(row.bidder));
  if (gone < 0) return null;
  shared.rows[gone] = fresh;
  return fresh;
}
