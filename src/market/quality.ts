import type { Kind } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { bandOf, contextOf, type Features } from "./cell.ts";
import { acceptance, columnOf, viewKind } from "./profile.ts";
import type { MarketState } from "./state.ts";

/** How good the market takes a bidder to be at a kind of input: mean of its acceptance posterior, 0 to 1. */
export function qualityAt(
  state: MarketState,
  kind: Kind,
  features: Features,
  nowMs: number,
): (bidder: Bidder) => number {
  const view = viewKind(state, kind, nowMs);
  const column = columnOf(view.kind, contextOf(features)) ?? columnOf(view.kind, "");
  return (bidder) => acceptance(view, bidder, column, bandOf(features.inputChars)).mean;
}
