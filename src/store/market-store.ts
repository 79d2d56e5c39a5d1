import { inArray, ne, sql } from "drizzle-orm";
import { AtomicError } from "../error.ts";
import { emptyMarket, type MarketState } from "../market/market.ts";
import { isKind, type Kind, kindNames } from "../plan/kind.ts";
import type { Database } from "./database.ts";
import { marketParts } from "./schema.ts";

/** Largest part of the market's memory, in characters of its JSON. The market bounds itself well below. */
export const maxPartChars = 65_536;

/** Kept beside the market, since it changes with it; no decision reads it. */
export const countersPart = "counters";

/** A stored part as read: "shared", "judges", "breaks", a kind, or the counters. */
export interface MarketPart {
  part: string;
  /** Counts from 1; a writer that read another version has lost the race. */
  version: number;
  body: string;
}

export const partsQuery = (db: Database, parts?: readonly string[]) => {
  const query = db.select().from(marketParts);
  return query.where(parts === undefined ? ne(marketParts.part, countersPart) : inArray(marketParts.part, [...parts]));
};

/** The whole market, as last settled; empty when nothing was learned yet. */
export const loadMarket = async (db: Database): Promise<MarketState> => marketOf(await partsQuery(db));

/** Parts -> state; parts that are not stored are empty. Throws `internal` for a part that is not JSON. */
export function marketOf(parts: readonly MarketPart[]): MarketState {
  const state = emptyMarket();
  for (const { part, body } of parts) {
    if (part === "judges") state.judges = read(part, body) as NonNullable<MarketState["judges"]>;
    else if (part === "breaks") state.breaks = read(part, body) as NonNullable<MarketState["breaks"]>;
    else if (part === "shared") state.shared = read(part, body) as MarketState["shared"];
    else if (isKind(part)) state.kinds[part] = read(part, body) as NonNullable<MarketState["kinds"][Kind]>;
  }
  return state;
}

/** State -> the bodies of the parts named; a kind the state does not know is left out. */
export function bodiesOf(state: MarketState, parts: readonly string[]): { part: string; body: string }[] {
  return parts.flatMap((part) => {
    const value =
      part === "shared"
        ? state.shared
        : part === "judges"
          ? state.judges
          : part === "breaks"
            ? state.breaks
            : isKind(part)
              ? state.kinds[part]
              : undefined;
    return value === undefined ? [] : [{ part, body: JSON.stringify(value) }];
  });
}

/**
 * Writes one part over the version that was read (0: it was not there). When another writer was first, `version`
 * becomes NULL, which its column refuses: the whole D1 batch rolls back. An UPDATE that finds no row would not fail.
 */
export const partWrite = (db: Database, part: string, readVersion: number, body: string) =>
  db
    .insert(marketParts)
    .values({ part, version: readVersion + 1, body })
    .onConflictDoUpdate({
      target: marketParts.part,
      set: {
        version: sql`case when ${marketParts.version} = excluded.version - 1 then excluded.version end`,
        body: sql`excluded.body`,
      },
    });

/** Writes of the parts that what an operator tells has changed. Throws `too-large` where one would outgrow its bound. */
export function writesOfChanges(db: Database, before: readonly MarketPart[], state: MarketState) {
  return bodiesOf(state, ["shared", ...kindNames]).flatMap(({ part, body }) => {
    const old = before.find((one) => one.part === part);
    if (body === old?.body) return [];
    if (body.length > maxPartChars)
      throw new AtomicError("too-large", `The market's part "${part}" has no room for these rows. Give fewer.`);
    return [partWrite(db, part, old?.version ?? 0, body)];
  });
}

function read(part: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new AtomicError("internal", `The market's part "${part}" is not JSON.`, { cause });
  }
}
