import { type Kind, kindNames } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { bandOf } from "./cell.ts";
import { calibrationError, claimBins } from "./claim-record.ts";
import { short, within } from "./elementary.ts";
import { acceptance, viewKind } from "./profile.ts";
import type { Column, KindState, MarketState, Row } from "./state.ts";

/** What the market believes of one bidder in one context. Probabilities 0 to 1, with 5 % and 95 % bounds. */
export interface ContextProfile {
  context: string;
  mean: number;
  low: number;
  high: number;
  /** Outcomes of its own that stand behind it (after forgetting). */
  n: number;
}

/** Claims of a bidder between two bounds: how many, what they said on average, and how many of them came true. */
export interface ClaimedProfile {
  from: number;
  to: number;
  n: number;
  said: number;
  cameTrue: number;
}

/** What is known of one bidder in a kind; `n`: outcomes after forgetting. */
export interface BidderProfile {
  bidder: string;
  n: number;
  brier: number | null;
  calibrationError: number | null;
  claims: ClaimedProfile[];
  /** By context, in the order of the kind's. */
  contexts: ContextProfile[];
}

/** What was learned of one kind. */
export interface KindProfiles {
  kind: Kind;
  /** After forgetting, priors that were seeded among them. */
  outcomes: number;
  /** Most used first; "": all contexts that have no column of their own. */
  contexts: { context: string; outcomes: number }[];
  /** Best known first; only those that answered. */
  bidders: BidderProfile[];
}

/** Contexts of a kind that are shown: the most used. */
const mostContexts = 12;

/** All that the market has learned, for people: GET /v1/market. Kinds with most outcomes first; contexts of all tenants. */
export function profilesOf(state: MarketState, bidders: readonly Bidder[], nowMs: number): KindProfiles[] {
  const kinds = kindNames.flatMap((kind): KindProfiles[] => {
    const view = viewKind(state, kind, nowMs);
    const part = view.kind;
    if (!part) return [];
    const all = part.columns
      .map((column) => ({ column, outcomes: sum(column.counts) / view.growth }))
      .sort((a, b) => b.outcomes - a.outcomes);
    const used = all.slice(0, mostContexts);
    const told = bidders.flatMap((bidder) => {
      const row = part.rows[view.rows.get(bidder.id) ?? -1];
      if (!row) return [];
      const contexts = used.map(({ column }) => {
        const { mean, strength, own } = acceptance(view, bidder, column, bandOf(300));
        const sd = Math.sqrt((mean * (1 - mean)) / (strength + 1));
        return {
          context: column.name,
          mean: short(mean, 4),
          low: short(within(mean - 1.645 * sd, 0, 1), 4),
          high: short(within(mean + 1.645 * sd, 0, 1), 4),
          n: short(own, 4),
        };
      });
      const n = outcomesOf(part, part.rows.indexOf(row)) / view.growth;
      return n < 0.05 ? [] : [{ ...recordOf(row), n: short(n, 4), contexts }];
    });
    if (told.length === 0) return [];
    const contexts = used.map(({ column, outcomes }) => ({ context: column.name, outcomes: short(outcomes, 4) }));
    const outcomes = short(sum(all.map((one) => one.outcomes)), 4);
    return [{ kind, outcomes, contexts, bidders: told.sort((a, b) => b.n - a.n) }];
  });
  return kinds.sort((a, b) => b.outcomes - a.outcomes);
}

function recordOf(row: Row): Omit<BidderProfile, "n" | "contexts"> {
  const error = calibrationError(row);
  const claims = Array.from({ length: claimBins }, (_, i) => {
    const [n = 0, said = 0, cameTrue = 0] = row.bins.slice(3 * i, 3 * i + 3);
    // Verdicts are corrected for their noise: a share can lie a little outside of 0 to 1.
    const share = (x: number) => short(n > 0 ? within(x / n, 0, 1) : 0, 4);
    return {
      from: i / claimBins,
      to: (i + 1) / claimBins,
      n: short(n, 4),
      said: share(said),
      cameTrue: share(cameTrue),
    };
  });
  return {
    bidder: row.bidder,
    brier: row.claims > 0 ? short(within(row.brier / row.claims, 0, 1), 4) : null,
    calibrationError: error === null ? null : short(error, 4),
    claims: claims.filter((bin) => bin.n > 0),
  };
}

const sum = (list: readonly number[]): number => list.reduce((all, x) => all + x, 0);

const outcomesOf = (kind: KindState, row: number): number =>
  kind.columns.reduce((all, { counts }: Column) => all + (counts[2 * row] ?? 0) + (counts[2 * row + 1] ?? 0), 0);
