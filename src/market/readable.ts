import type { Column } from "./state.ts";

/** Answers that are remembered of a bidder in a context; older ones fade. */
const memory = 300;
/** Answers that the first belief is worth, and the share of them that is taken to name no label. */
const assumed = 10;
const assumedUnread = 0.01;

/**
 * P(a closed question's answer names one of its labels) of row `i` in a context, 0.01 to 1. Of whether labels are right it
 * says nothing, and of other contexts neither: a bidder that writes prose where a label is asked for may do all else well.
 */
export function readable(column: Column | undefined, i: number): number {
  const [read = 0, unread = 0] = column?.unread?.slice(2 * i, 2 * i + 2) ?? [];
  if (i < 0 || unread === 0) return 1;
  return Math.max(0.01, 1 - (unread + assumed * assumedUnread) / (read + unread + assumed));
}

/** Counts one answer, in place. Nothing is kept of a context in which all could be read. */
export function learnReadable(column: Column, i: number, isRead: boolean): void {
  if (i < 0 || (isRead && column.unread === undefined)) return;
  column.unread ??= [];
  const counts = column.unread;
  while (counts.length < 2 * i + 2) counts.push(0);
  const [read, unread] = [(counts[2 * i] ?? 0) + (isRead ? 1 : 0), (counts[2 * i + 1] ?? 0) + (isRead ? 0 : 1)];
  const fade = Math.min(1, memory / (read + unread));
  counts[2 * i] = round(read * fade);
  counts[2 * i + 1] = round(unread * fade);
}

/** What one context knew becomes a part of what another one knows. */
export function addReadable(to: Column, from: Column): void {
  if (from.unread === undefined) return;
  to.unread ??= [];
  for (let at = 0; at < from.unread.length; at++) to.unread[at] = round((to.unread[at] ?? 0) + (from.unread[at] ?? 0));
}

const round = (x: number): number => Math.round(100 * x) / 100;
