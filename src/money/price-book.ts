/** A line of a price book: what a thing costs from a day on. Times are ISO dates ("2026-11-22", UTC). */
export interface DatedPrice {
  from: string;
}

/** The line in force on a day: the newest that had begun. Old ones stay in the book, so that old bills can be read. */
export function priceOn<T extends DatedPrice>(lines: Iterable<T>, day: string): T | null {
  let best: T | null = null;
  for (const line of lines) if (line.from <= day && (best === null || line.from > best.from)) best = line;
  return best;
}
