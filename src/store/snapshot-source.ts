import { BidderStore } from "./bidder-store.ts";
import type { Database } from "./database.ts";
import { ExampleStore } from "./example-store.ts";
import { loadMarket } from "./market-store.ts";
import type { SnapshotSource } from "./snapshot.ts";

/** A snapshot's reads on D1. `onUnreadable` hears of stored bidders that are none; the others still serve. */
export const snapshotSource = (db: Database, onUnreadable: (ids: string[]) => void): SnapshotSource => ({
  market: () => loadMarket(db),
  bidders: async () => {
    const { bidders, unreadable } = await new BidderStore(db).list();
    if (unreadable.length > 0) onUnreadable(unreadable);
    return bidders;
  },
  examples: (tenant) => new ExampleStore(db).ofTenant(tenant),
});
