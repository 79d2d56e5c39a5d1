import { breaksOf } from "../market/market.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { MarketSnapshot } from "./market-snapshot.ts";

/**
 * A market on its way to a job's object. Cloned as it is, it was a sixth of all the time a job took; as text it is made
 * once a snapshot and kind, copied in one piece, and read once an isolate, which knows it by its version.
 */
export interface MarketParcel {
  version: string;
  /** JSON of the market without the tenant's part. */
  text: string;
  examples: MarketSnapshot["examples"];
}

type Shared = Omit<MarketSnapshot, "examples">;

/** By the list of endpoints, which a snapshot shares with no other; then by kind. */
const packed = new WeakMap<MarketSnapshot["endpoints"], Map<string, Omit<MarketParcel, "examples">>>();
/** Newest last. A market of ten kinds and 48 bidders has about 200 KB. */
const unpacked = new Map<string, Shared>();
const mostUnpacked = 16;

/** What a job's object needs: the market of the kinds in play only; a planner may choose any. */
export function packMarket(market: MarketSnapshot, request: JobRequest): MarketParcel {
  const { state, examples, ...rest } = market;
  const { endpoints } = rest;
  const kinds = request.plan === "single" ? request.kind : "every";
  const parcels = packed.get(endpoints) ?? new Map<string, Omit<MarketParcel, "examples">>();
  packed.set(endpoints, parcels);
  let parcel = parcels.get(kinds);
  if (parcel === undefined) {
    const kept = Object.entries(state.kinds).filter(
      ([kind]) => kinds === "every" || kind === kinds || kind === "judge",
    );
    const { breaks } = state;
    const known = breaks === undefined || kinds === "every" ? {} : { breaks: breaksOf(breaks, kinds) };
    const shared: Shared = { ...rest, state: { ...state, kinds: Object.fromEntries(kept), ...known } };
    parcel = { version: crypto.randomUUID(), text: JSON.stringify(shared) };
    parcels.set(kinds, parcel);
  }
  return { ...parcel, examples };
}

/** The market of a parcel. Shared between the jobs of this isolate: not to be changed. */
export function unpackMarket({ version, text, examples }: MarketParcel): MarketSnapshot {
  const shared = unpacked.get(version) ?? (JSON.parse(text) as Shared);
  unpacked.delete(version);
  unpacked.set(version, shared);
  const oldest = unpacked.keys().next();
  if (unpacked.size > mostUnpacked && !oldest.done) unpacked.delete(oldest.value);
  return { ...shared, examples };
}
