import { BidderStore } from "./bidder-store.ts";
import type { Database } from "./database.ts";
import { ExampleStore } from "./example-store.ts";
import { loadMarket } from "./market-store.ts";
import type { SnapshotSource } from "./snapshot.ts";

/** A snapshot's reads on D1, which is opened when one of them is due. `onUnreadable` hears of stored bidders that are none; the others still serve. */
export const snapshotSource = (open: () => Database, onUnreadable: (ids: string[]) => void): SnapshotSource => ({
  market: () => loadMarket(open()),
  bidders: async () => {
    const { bidders, switches, unreadable } = await new BidderStore(open()).list();
    if (unreadable.length > 0) onUnreadable(unreadable);
    return [...bidders, ...switches];
  },
  examples: (tenant) => new ExampleStore(open()).ofTenant(tenant),
});
