import type { Example } from "../src/adapt/examples.ts";
import type { MarketView } from "../src/engine/ports.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Bidder } from "../src/market/bidder.ts";
import { emptyMarket, type MarketState } from "../src/market/market.ts";
import { defaultBidders } from "../src/models/default-bidders.ts";
import { embeddedBidders } from "../src/models/embedded/registry.ts";
import type { ConfiguredBidder, Endpoint } from "../src/models/endpoint.ts";
import { BidderStore } from "../src/store/bidder-store.ts";
import { openDatabase } from "../src/store/database.ts";
import { ExampleStore } from "../src/store/example-store.ts";
import { loadMarket } from "../src/store/market-store.ts";

/** The market as data: what a Worker hands to a job's object, so that no other hop lies before the first call. */
export interface MarketSnapshot {
  state: MarketState;
  bidders: Bidder[];
  /** Where generative bidders' calls go; names of secrets, never secrets. */
  endpoints: ConfiguredBidder[];
  pacing: MarketView["pacing"];
  /** A tenant's own examples by kind; empty unless the job asked for them. */
  examples: { [kind: string]: Example[] };
}

/** What one USD of cost and one second of waiting weigh where nothing else was said. */
export const plainPacing = { lambda: 1, muUsdPerSecond: 0.0001 };

/** Decisions read a market at most this old, ms. */
export const maxAgeMs = 10_000;

let cached: { snapshot: MarketSnapshot; readAtMs: number } | null = null;
let reading: Promise<MarketSnapshot> | null = null;

/**
 * The market of this isolate: from memory when it is at most 10 s old, else from D1, once for all who ask meanwhile.
 * Simulated bidders take part only where ATOMIC_SIM is set.
 */
export async function marketSnapshot(env: AtomicEnv): Promise<MarketSnapshot> {
  if (cached !== null && Date.now() - cached.readAtMs < maxAgeMs) return cached.snapshot;
  reading ??= readSnapshot(env).finally(() => {
    reading = null;
  });
  return reading;
}

/** Forgets what was read, after the operator changed a bidder. */
export function forgetMarket(): void {
  cached = null;
}

async function readSnapshot(env: AtomicEnv): Promise<MarketSnapshot> {
  const db = openDatabase(env.DB);
  const [state, stored] = await Promise.all([loadMarket(db), new BidderStore(db).list()]);
  const snapshot = snapshotOf(
    env,
    state,
    stored.bidders.map(({ bidder, endpoint }) => ({ bidder, endpoint: endpoint as Endpoint })),
  );
  cached = { snapshot, readAtMs: Date.now() };
  return snapshot;
}

function snapshotOf(env: AtomicEnv, state: MarketState, stored: ConfiguredBidder[]): MarketSnapshot {
  const own = new Set(stored.map(({ bidder }) => bidder.id));
  const endpoints = [
    ...stored,
    ...defaultBidders(env, Date.now(), env.ATOMIC_SIM === "1").filter(({ bidder }) => !own.has(bidder.id)),
  ];
  const bidders = [...embeddedBidders(), ...endpoints.map(({ bidder }) => bidder)];
  return { state, bidders, endpoints, pacing: plainPacing, examples: {} };
}

/** The snapshot with a tenant's examples, which only its own jobs may see. */
export async function withExamples(env: AtomicEnv, snapshot: MarketSnapshot, tenant: string): Promise<MarketSnapshot> {
  return { ...snapshot, examples: await new ExampleStore(openDatabase(env.DB)).ofTenant(tenant) };
}

export const emptySnapshot = (env: AtomicEnv): MarketSnapshot => snapshotOf(env, emptyMarket(), []);

export const viewOf = (snapshot: MarketSnapshot): MarketView => ({
  state: snapshot.state,
  bidders: snapshot.bidders,
  pacing: snapshot.pacing,
  examples: (kind) => snapshot.examples[kind] ?? [],
});
