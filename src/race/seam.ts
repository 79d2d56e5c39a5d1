/** Shorter repeats are language ("and the", "ha ha"): an overlap below this many code units is left as it is. */
const leastOverlap = 16;

export type SeamResult =
  /** Text to put behind what was delivered; "" while it may still turn out to be a repeat. */
  | { repeats: false; text: string }
  /** The model said again what it was given, and not in a way that one cut mends. */
  | { repeats: true };

/**
 * Where a model goes on from text that another one began. A model that first repeats the end of what it was given, or
 * all of it, has that trimmed, once; one that starts over in part, or repeats a second time, is found out before any of
 * it is delivered. Text is held back only while it matches something that was given.
 */
export class Seam {
  readonly #given: string;
  #held = "";
  #trimmed = false;
  #open = false;
  /** White space at the end of what was given, which models are not shown: it may come again. */
  #owed: string;

  constructor(given: string) {
    this.#given = given;
    this.#owed = given.slice(given.trimEnd().length);
  }

  push(text: string): SeamResult {
    if (this.#open) return { repeats: false, text };
    this.#held += text;
    return this.#look(false);
  }

  /** The stream has ended: what is still held back comes out. */
  end(): SeamResult {
    return this.#open ? { repeats: false, text: "" } : this.#look(true);
  }

  #look(ended: boolean): SeamResult {
    for (;;) {
      const held = this.#held.trimStart();
      if (held === "" && !ended) return { repeats: false, text: "" };
      const given = this.#given.trimEnd();
      if (!ended && isWithin(held, given)) return { repeats: false, text: "" };
      const overlap = overlapOf(given, held);
      if (overlap > 0) {
        if (this.#trimmed) return { repeats: true };
        this.#trimmed = true;
        this.#held = held.slice(overlap);
        continue;
      }
      if (sharedStart(given, held) >= leastOverlap) return { repeats: true };
      return { repeats: false, text: this.#release() };
    }
  }

  #release(): string {
    this.#open = true;
    let same = 0;
    while (same < this.#owed.length && this.#held[same] === this.#owed[same]) same++;
    return this.#held.slice(same);
  }
}

/** Could more text still make of `held` a repeat of the end of `given`, or of all of it? */
function isWithin(held: string, given: string): boolean {
  for (let at = given.indexOf(held); at >= 0; at = given.indexOf(held, at + 1))
    if (given.length - at >= leastOverlap || at === 0) return true;
  return false;
}

/** Length of the longest end of `given` (or all of it) that `held` starts with; 0: none that is long enough. */
function overlapOf(given: string, held: string): number {
  if (given !== "" && held.startsWith(given)) return given.length;
  for (let length = Math.min(given.length, held.length); length >= leastOverlap; length--)
    if (held.startsWith(given.slice(-length))) return length;
  return 0;
}

function sharedStart(a: string, b: string): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}
