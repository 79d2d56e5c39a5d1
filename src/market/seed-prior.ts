import { isKind, type Kind } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { columnFor } from "./contexts.ts";
import { servesKind } from "./eligibility.ts";
import { growth } from "./forgetting.ts";
import { rebaseKind } from "./rebase.ts";
import { roundKind } from "./rounding.ts";
import { inShort, type RowFault } from "./row-fault.ts";
import { rowFor, sharedRowFor } from "./rows.ts";
import { refit } from "./skill.ts";
import { emptyKind, type MarketState, type SharedRow } from "./state.ts";

/** One line of a seed file: what is known of a bidder from elsewhere. */
export interface SeedRow {
  bidder: string;
  kind: string;
  /** Declared context; absent: the kind as a whole. */
  context?: string;
  accepted: number;
  n: number;
}

/** What is seeded and what was seen together come to at most this many observations of a bidder in a context. */
const seedWeight = 30;

/** Puts prior knowledge into the market. Rows that cannot be right are refused by number, field and reason; the rest is taken. */
export function seedPriors(
  state: MarketState,
  rows: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
): { taken: number; refused: RowFault[] } {
  const byId = new Map(bidders.map((bidder) => [bidder.id, bidder]));
  const refused: RowFault[] = [];
  const touched = new Map<Kind, Set<number>>();
  const seeded = new Set(rows.map((row) => (row as Partial<SeedRow> | null)?.bidder ?? ""));
  const told = new Set<string>();
  let taken = 0;
  rows.forEach((given, number) => {
    const fault = faultOf(given, byId) ?? repeatOf(given as SeedRow, told);
    if (fault) {
      refused.push({ row: number + 1, ...fault });
      return;
    }
    const seed = given as SeedRow & { kind: Kind };
    const kind = state.kinds[seed.kind] ?? emptyKind();
    state.kinds[seed.kind] = kind;
    rebaseKind(kind, nowMs);
    const index = rowFor(kind, seed.bidder, byId, true, seeded);
    const shared = sharedRowFor(state.shared, seed.bidder, byId);
    if (index < 0 || !shared) {
      refused.push({ row: number + 1, field: "bidder", reason: "the market has no room for another bidder" });
      return;
    }
    const column = columnFor(kind, seed.context ?? "", nowMs, true);
    const g = growth(kind, nowMs);
    while (column.counts.length < 2 * index + 2) column.counts.push(0);
    // The same file again adds nothing, and what happened here is not outvoted.
    const known = ((column.counts[2 * index] ?? 0) + (column.counts[2 * index + 1] ?? 0)) / g;
    const scale = (g * Math.min(seed.n, Math.max(0, seedWeight - known))) / Math.max(seed.n, 1);
    column.counts[2 * index] = (column.counts[2 * index] ?? 0) + seed.accepted * scale;
    column.counts[2 * index + 1] = (column.counts[2 * index + 1] ?? 0) + (seed.n - seed.accepted) * scale;
    touched.set(seed.kind, (touched.get(seed.kind) ?? new Set()).add(index));
    taken++;
  });
  const shared = new Map<string, SharedRow>(state.shared.rows.map((row) => [row.bidder, row]));
  for (const [name, indices] of touched) {
    const kind = state.kinds[name];
    if (!kind) continue;
    // Newton steps are bounded; six settle a table of any size.
    for (let step = 0; step < 6; step++) refit(kind, shared, growth(kind, nowMs));
    for (const column of kind.columns) roundKind(kind, indices, column);
  }
  return { taken, refused };
}

/** A bidder has one row for a kind and context in a file: which of two is meant nobody knows. */
function repeatOf(
  { bidder, kind, context = "" }: SeedRow,
  told: Set<string>,
): { field: string; reason: string } | null {
  const name = JSON.stringify([bidder, kind, context]);
  if (told.has(name)) return { field: "bidder", reason: "another row speaks of it in this kind and context" };
  told.add(name);
  return null;
}

function faultOf(given: unknown, byId: ReadonlyMap<string, Bidder>): { field: string; reason: string } | null {
  if (typeof given !== "object" || given === null) return { field: "", reason: "it is not an object" };
  const seed = given as Partial<SeedRow>;
  const bidder = typeof seed.bidder === "string" ? byId.get(seed.bidder) : undefined;
  if (bidder === undefined) return { field: "bidder", reason: `${inShort(seed.bidder)} is not a bidder here` };
  if (typeof seed.kind !== "string" || !isKind(seed.kind))
    return { field: "kind", reason: `${inShort(seed.kind)} is not a kind` };
  if (!servesKind(bidder, seed.kind)) return { field: "kind", reason: `${bidder.id} does not serve ${seed.kind}` };
  if (seed.context !== undefined && (typeof seed.context !== "string" || seed.context.length > 48)) {
    return { field: "context", reason: "it must be a text of at most 48 characters" };
  }
  if (typeof seed.n !== "number" || !Number.isFinite(seed.n) || seed.n < 0)
    return { field: "n", reason: `${inShort(seed.n)} is not a count` };
  if (typeof seed.accepted !== "number" || !(seed.accepted >= 0))
    return { field: "accepted", reason: `${inShort(seed.accepted)} is not a count` };
  if (seed.accepted > seed.n) return { field: "accepted", reason: `${seed.accepted} of ${seed.n} cannot be` };
  return null;
}
