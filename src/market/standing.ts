import { type Kind, kindNames } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { bandOf } from "./cell.ts";
import { calibrationError, claimError, fewestClaims } from "./claim-record.ts";
import { short, within } from "./elementary.ts";
import { type JudgeStanding, judgeStanding } from "./judge-profile.ts";
import { expectedTimes } from "./latency.ts";
import { acceptance, viewKind } from "./profile.ts";
import type { MarketState, Row } from "./state.ts";

/** One bidder in one kind; times in ms. */
export interface KindStanding {
  kind: Kind;
  /** Posterior mean of acceptance over the kind's contexts, weighted by use; 5 % and 95 % bounds. */
  accept: { mean: number; low: number; high: number };
  /** Outcomes that stand behind it (after forgetting). */
  n: number;
  /** Mean squared error of its claims, corrected for the noise of verdicts: an estimate, kept within 0 and 1. */
  brier: number | null;
  calibrationError: number | null;
  /** Confidences that it named with answers which were found right or wrong since: their mean, the share found right. Absent: none was. */
  confidence?: { n: number; said: number; right: number };
  totalMs: { p50: number; p95: number };
}

/** One bidder over all kinds. `errorRate`: 0 to 1, of its calls. */
export interface Standing {
  bidder: string;
  kinds: KindStanding[];
  errorRate: number;
  calls: number;
  firstTokenMs: { p50: number; p95: number };
  /**
   * 0 to 1: 1 less four times what its claims are off by beyond chance (root of the mean square, 0.25 is the worst that is
   * told apart), shrunk to 1/2 while there are few. Hard tasks claimed to be hard cost nothing.
   */
  reputation: number;
  /** As a judge of others; null: it was never measured as one. */
  judge: JudgeStanding | null;
}

/** What is known of one bidder, for people: GET /v1/bidders. */
export function standing(state: MarketState, bidder: Bidder, nowMs: number): Standing {
  const kinds: KindStanding[] = [];
  let off = 0;
  let claims = 0;
  let first = expectedTimes(bidder, undefined, undefined, 200, 0).firstTokenMs;
  let calls = 0;
  let failed = 0;
  for (const name of kindNames) {
    const view = viewKind(state, name, nowMs);
    const index = view.rows.get(bidder.id) ?? -1;
    const shared = view.shared.get(bidder.id);
    if (shared) {
      calls = shared.calls / view.sharedGrowth;
      failed = shared.failed / view.sharedGrowth;
      first = expectedTimes(bidder, shared, undefined, 200, 0).firstTokenMs;
    }
    const row = index < 0 ? undefined : view.kind?.rows[index];
    if (!row || !view.kind) continue;
    let sum = 0;
    let weight = 0;
    let n = 0;
    let variance = 0;
    for (const column of view.kind.columns) {
      const p = acceptance(view, bidder, column, bandOf(300));
      const w = p.own + 0.1;
      sum += w * p.mean;
      variance += (w * w * p.mean * (1 - p.mean)) / (p.strength + 1);
      weight += w;
      n += p.own;
    }
    const mean = weight > 0 ? sum / weight : 0.5;
    const sd = weight > 0 ? Math.sqrt(variance / (weight * weight) + claimError(row)) : 0.5;
    if (row.claims >= fewestClaims) {
      off += row.claims * claimError(row);
      claims += row.claims;
    }
    kinds.push({
      kind: name,
      accept: {
        mean: short(mean, 4),
        low: short(within(mean - 1.645 * sd, 0, 1), 4),
        high: short(within(mean + 1.645 * sd, 0, 1), 4),
      },
      n: short(n, 4),
      brier: row.claims > 0 ? short(within(row.brier / row.claims, 0, 1), 4) : null,
      calibrationError: shortOrNull(calibrationError(row)),
      ...confidenceOf(row),
      totalMs: expectedTimes(bidder, shared, row, 200, 0).totalMs,
    });
  }
  return {
    bidder: bidder.id,
    kinds,
    errorRate: short((failed + 0.05) / (calls + 5), 4),
    calls: short(calls, 4),
    firstTokenMs: first,
    reputation: short((claims * within(1 - 4 * Math.sqrt(off / Math.max(1, claims)), 0, 1) + 10) / (claims + 20), 4),
    judge: judgeStanding(state.judges, bidder.id),
  };
}

function confidenceOf({ proved }: Row): Pick<KindStanding, "confidence"> {
  if (proved === undefined) return {};
  const [n, said, right] = proved;
  return { confidence: { n: short(n, 4), said: short(said, 4), right: short(right, 4) } };
}

const shortOrNull = (x: number | null): number | null => (x === null ? null : short(x, 4));
