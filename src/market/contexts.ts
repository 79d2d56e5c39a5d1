import { fnv1a } from "../plan/fnv1a.ts";
import { growth } from "./forgetting.ts";
import { hasBand } from "./length-bands.ts";
import { addReadable } from "./readable.ts";
import { type Column, cellMemory, emptyColumn, type KindState, maxCells, maxContexts } from "./state.ts";
import { addLengths } from "./tokens.ts";

/** A context unused for this long, or with fewer outcomes than this, gives its place to a new one. */
const staleMs = 30 * 24 * 3600 * 1000;
const littleUsed = 5;
/** Names remembered that came once. */
const maxCameOnce = 128;

/**
 * The column of a context, made when there is room or room can be made; else the rest's (""). Once half of the room is
 * taken a name must come back first, unless an operator gave it (`named`): one that comes once (it holds a date, a user)
 * teaches the rest.
 */
export function columnFor(kind: KindState, name: string, nowMs: number, named = false): Column {
  giveUpContexts(kind, nowMs);
  let column = kind.columns.find((one) => one.name === name);
  const wanted = () => named || 2 * kind.columns.length < contextRoom(kind) || cameBack(kind, name);
  if (!column && name !== "" && wanted() && makeRoom(kind, nowMs)) {
    column = emptyColumn(name);
    kind.columns.push(column);
  }
  column ??= restOf(kind);
  column.lastMs = Math.max(column.lastMs, nowMs);
  return column;
}

/** Did this name come before, among the last that have no column? After Einziger, Friedman and Manes, TinyLFU (2017). */
function cameBack(kind: KindState, name: string): boolean {
  kind.cameOnce ??= [];
  const mark = fnv1a(name);
  const at = kind.cameOnce.indexOf(mark);
  if (at >= 0) {
    kind.cameOnce.splice(at, 1);
    return true;
  }
  kind.cameOnce.push(mark);
  if (kind.cameOnce.length > maxCameOnce) kind.cameOnce.shift();
  return false;
}

/** The column of all contexts that have none of their own. */
function restOf(kind: KindState): Column {
  let rest = kind.columns.find((one) => one.name === "");
  if (!rest) {
    rest = emptyColumn("");
    kind.columns.push(rest);
  }
  return rest;
}

/** Contexts that a kind with these many bidders has room for, the rest's among them. */
const contextRoom = (kind: KindState): number =>
  Math.min(maxContexts, Math.floor(maxCells / Math.max(1, kind.rows.length)));

const outcomesOf = (column: Column): number => column.counts.reduce((sum, x) => sum + x, 0);

/**
 * Makes room for one more context, if one of those that are there is little used: it has less than a quarter of an even
 * share of the kind's outcomes, or was not used for `staleMs`. Of these the one unused for longest becomes part of the
 * rest. So names that come once (a name with a date in it, one a user) cannot keep out those that come back.
 */
function makeRoom(kind: KindState, nowMs: number): boolean {
  const room = contextRoom(kind);
  const reserved = kind.columns.some((one) => one.name === "") ? 0 : 1;
  if (kind.columns.length < room - reserved) return true;
  const outcomes = kind.columns.map(outcomesOf);
  const all = outcomes.reduce((sum, x) => sum + x, 0);
  const little = Math.max(littleUsed * growth(kind, nowMs), all / (4 * room));
  let oldest = -1;
  kind.columns.forEach((column, i) => {
    if (column.name === "" || (nowMs - column.lastMs <= staleMs && (outcomes[i] ?? 0) >= little)) return;
    if (oldest < 0 || column.lastMs < (kind.columns[oldest]?.lastMs ?? 0)) oldest = i;
  });
  if (oldest < 0) return false;
  joinRest(kind, oldest, nowMs);
  return true;
}

/** What one context knew becomes a part of what is known of the rest. */
function joinRest(kind: KindState, at: number, nowMs: number): void {
  const column = kind.columns[at];
  if (!column) return;
  const rest = kind.columns.find((one) => one.name === "");
  if (!rest) {
    column.name = "";
    return;
  }
  kind.columns.splice(at, 1);
  const most = cellMemory * growth(kind, nowMs);
  rest.lastMs = Math.max(rest.lastMs, column.lastMs);
  addPairs(rest.counts, column.counts, most);
  column.bands.forEach((counts, band) => {
    const to = rest.bands[band];
    if (to && counts.length > 0 && hasBand(kind, rest, band)) addPairs(to, counts, most);
  });
  addLengths(rest, column);
  addReadable(rest, column);
}

/** Adds pairs of (accepted, rejected), each pair kept below the memory of a cell. */
function addPairs(to: number[], from: readonly number[], most: number): void {
  while (to.length < from.length) to.push(0);
  for (let i = 0; i + 1 < from.length; i += 2) {
    const a = (to[i] ?? 0) + (from[i] ?? 0);
    const b = (to[i + 1] ?? 0) + (from[i + 1] ?? 0);
    const fade = Math.min(1, most / Math.max(1e-9, a + b));
    to[i] = hundredths(a * fade);
    to[i + 1] = hundredths(b * fade);
  }
}

const hundredths = (x: number): number => Math.round(100 * x) / 100;

/** More bidders leave room for fewer contexts: the least used become part of the rest. */
function giveUpContexts(kind: KindState, nowMs: number): void {
  while (kind.columns.length > contextRoom(kind)) {
    let least = -1;
    kind.columns.forEach((column, i) => {
      if (column.name === "") return;
      const before = kind.columns[least];
      if (!before || outcomesOf(column) < outcomesOf(before)) least = i;
    });
    if (least < 0) return;
    joinRest(kind, least, nowMs);
  }
}
