import type { Example } from "../adapt/examples.ts";
import type { MarketView } from "../engine/ports.ts";
import type { AtomicEnv } from "../env.ts";
import type { Bidder } from "../market/bidder.ts";
import { emptyMarket, type MarketState } from "../market/market.ts";
import { plainPacing } from "../market/pacing.ts";
import { bindingProblem, defaultBidders } from "../models/default-bidders.ts";
import { withArms } from "../models/effort-arms.ts";
import { embeddedBidders } from "../models/embedded/registry.ts";
import type { ConfiguredBidder, Endpoint } from "../models/endpoint.ts";
import { withImageTokens } from "../models/image-tokens.ts";
import { withCacheWrite } from "../models/prompt-cache.ts";
import { openSession } from "../store/database.ts";
import { Snapshots, type StoreSnapshot } from "../store/snapshot.ts";
import { snapshotSource } from "../store/snapshot-source.ts";
import { judgeAuditShare } from "./judge-audit-share.ts";

/** The market as data: what a Worker hands to a job's object, so that no other hop lies before the first call. */
export interface MarketSnapshot {
  state: MarketState;
  bidders: Bidder[];
  /** Where generative bidders' calls go; names of secrets, never secrets. */
  endpoints: ConfiguredBidder[];
  pacing: MarketView["pacing"];
  /** Share of judges' verdicts to audit, 0 to 1; absent: none. */
  judgeAuditShare?: number;
  /** A tenant's own examples by kind; empty unless the job asked for them. */
  examples: { [kind: string]: Example[] };
}

/** This isolate's memory of the stores: at most 10 s old, shared by all requests, gone with the isolate. */
const snapshots = new Snapshots({
  nowMs: () => Date.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

/** The market now, and a tenant's examples where one is named. `keepAlive`: ctx.waitUntil of the reader. */
export async function marketSnapshot(
  env: AtomicEnv,
  tenant: string | null,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<MarketSnapshot> {
  const source = snapshotSource(
    () => openSession(env.DB, { bookmark: null }).db,
    (ids) => console.error(JSON.stringify({ event: "bidders-unreadable", ids })),
  );
  return snapshotOf(env, await snapshots.read(tenant, source, keepAlive));
}

/** After the operator changed a bidder. */
export const forgetMarket = (): void => snapshots.forget();

/** After a tenant's examples were forgotten. */
export const forgetExamples = (tenant: string): void => snapshots.forgetExamples(tenant);

/** The market of a Worker that has no stores yet: the bidders that come with it, and nothing learned. */
export const emptySnapshot = (env: AtomicEnv): MarketSnapshot =>
  snapshotOf(env, { state: emptyMarket(), bidders: [], examples: {} });

let made: {
  env: AtomicEnv;
  of: Pick<StoreSnapshot, "state" | "bidders">;
  is: Omit<MarketSnapshot, "examples">;
} | null = null;

/** Put together once for what the stores said last, and shared: not to be changed. */
function snapshotOf(env: AtomicEnv, store: StoreSnapshot): MarketSnapshot {
  const { state, bidders, examples } = store;
  if (made === null || made.env !== env || made.of.state !== state || made.of.bidders !== bidders)
    made = { env, of: { state, bidders }, is: putTogether(env, store) };
  return { ...made.is, examples };
}

/**
 * Simulated bidders take part only where ATOMIC_SIM is set. A stored bidder stands in for a default one of its id; others
 * that come with the server may be switched.
 */
function putTogether(env: AtomicEnv, { state, bidders }: StoreSnapshot): Omit<MarketSnapshot, "examples"> {
  const switches = new Map<string, boolean>();
  const stored = bidders.flatMap((row): ConfiguredBidder[] => {
    if (!("bidder" in row)) {
      switches.set(row.id, row.enabled);
      return [];
    }
    const endpoint = row.endpoint as Endpoint;
    const { reasoningTokens } = endpoint;
    // Rows of before the field was part of a bidder have it in their endpoint only.
    return [{ endpoint, bidder: reasoningTokens ? { ...row.bidder, reasoningTokens } : row.bidder }];
  });
  const switched = (bidder: Bidder): Bidder => ({ ...bidder, enabled: switches.get(bidder.id) ?? bidder.enabled });
  const ids = new Set(stored.map(({ bidder }) => bidder.id));
  const defaults = defaultBidders(env, Date.now(), env.ATOMIC_SIM === "1")
    .filter(({ bidder }) => !ids.has(bidder.id))
    .map(({ endpoint, bidder }) => ({ endpoint, bidder: switched(bidder) }));
  tellProblem(env);
  // What is known of a model holds for rows of before a field, too.
  const endpoints = [...stored, ...defaults].flatMap(({ endpoint, bidder }) =>
    withArms(
      { endpoint, bidder: { ...withImageTokens(bidder), price: withCacheWrite(endpoint, bidder.price) } },
      switches,
      ids,
    ),
  );
  return {
    state,
    bidders: [...embeddedBidders().map(switched), ...endpoints.map(({ bidder }) => bidder)],
    endpoints,
    pacing: plainPacing,
    judgeAuditShare: judgeAuditShare(env.ATOMIC_JUDGE_AUDIT_SHARE),
  };
}

let told: string | null = null;

/** Once an isolate: the bindings of a server of models that cannot be used, of which there are simply no bidders. */
function tellProblem(env: AtomicEnv): void {
  const problem = bindingProblem(env);
  if (problem !== null && problem !== told) console.error(JSON.stringify({ event: "models-misconfigured", problem }));
  told = problem;
}

export const viewOf = (snapshot: MarketSnapshot): MarketView => ({
  state: snapshot.state,
  bidders: snapshot.bidders,
  pacing: snapshot.pacing,
  judgeAuditShare: snapshot.judgeAuditShare ?? 0,
  examples: (kind) => snapshot.examples[kind] ?? [],
});
