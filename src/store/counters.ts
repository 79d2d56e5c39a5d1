import { type Counters, noCounters } from "../job/counters.ts";
import type { Database } from "./database.ts";
import { countersPart, type MarketPart, partsQuery } from "./market-store.ts";

/** Counters as they were settled last. */
export const loadCounters = async (db: Database): Promise<Counters> => countersOf(await partsQuery(db, [countersPart]));

/** What is not there, or is no counters, counts from nought: graphs know a restart. */
export function countersOf(parts: readonly MarketPart[]): Counters {
  const body = parts.find(({ part }) => part === countersPart)?.body;
  if (body === undefined) return noCounters();
  try {
    return { ...noCounters(), ...(JSON.parse(body) as Counters) };
  } catch {
    return noCounters();
  }
}
