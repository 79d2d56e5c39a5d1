import type { Example } from "../src/adapt/examples.ts";
import type { EnginePorts, MarketView } from "../src/engine/ports.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Bidder } from "../src/market/bidder.ts";
import { emptyMarket, type MarketState } from "../src/market/market.ts";

/** The market as data: what a Worker hands to a job's object, at most 10 s old. */
export interface MarketSnapshot {
  /** null: nothing was learned yet. */
  state: MarketState | null;
  bidders: Bidder[];
  pacing: MarketView["pacing"];
  examples: { [kind: string]: Example[] };
}

export const viewOfSnapshot = (snapshot: MarketSnapshot): MarketView => ({
  state: snapshot.state ?? emptyMarket(),
  bidders: snapshot.bidders,
  pacing: snapshot.pacing,
  examples: (kind) => snapshot.examples[kind] ?? [],
});
