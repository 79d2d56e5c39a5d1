import type { Kind } from "../plan/kind.ts";

/** What a decision may know of an input: its length, its script, and a bucket the caller declared (a task, a queue). */
export interface Features {
  inputChars: number;
  script: string;
  context?: string;
}

/** Upper bounds of the length bands, characters; the last band is open. */
const bandEnds = [60, 600, 6000];
/** How many length bands there are. */
export const bands = bandEnds.length + 1;

/** Index of the length band of an input, 0 to `bands` - 1. */
export function bandOf(inputChars: number): number {
  let band = 0;
  for (const end of bandEnds) if (inputChars >= end) band++;
  return band;
}

/** The declared context bucket: the caller's own when given, else the script; at most 48 characters. */
export function contextOf(features: Features): string {
  const name = features.context ?? features.script;
  return name.length > 48 ? name.slice(0, 48) : name;
}

/** Name of the cell an input falls into: kind x context x length band. Stable, shown in decisions. */
export const cellOf = (kind: Kind, features: Features): string =>
  `${kind}/${contextOf(features)}/${bandOf(features.inputChars)}`;
