/**
 * Ends a text before the sequence that is complete first (of several the longest), as its model would have ended it,
 * whatever pieces it comes in. What may yet turn out to be the beginning of one is held back. O(text x sequences).
 */
export class StopSequences {
  readonly #sequences: readonly string[];
  #held = "";
  #met = false;

  /** None of them empty. */
  constructor(sequences: readonly string[]) {
    this.#sequences = sequences;
  }

  /** One of them occurred: the text ends here. */
  get met(): boolean {
    return this.#met;
  }

  /** The next piece; what of the text so far can be passed on. */
  push(piece: string): string {
    if (this.#met) return "";
    const text = this.#held + piece;
    const first = firstComplete(text, this.#sequences);
    if (first !== null) {
      this.#met = true;
      this.#held = "";
      return text.slice(0, first);
    }
    const held = Math.max(0, ...this.#sequences.map((one) => beginningAtEnd(text, one)));
    this.#held = text.slice(text.length - held);
    return text.slice(0, text.length - held);
  }

  /** The text came to its own end: what was held back is part of it. */
  end(): string {
    const rest = this.#met ? "" : this.#held;
    this.#held = "";
    return rest;
  }
}

/** Where the sequence that ends first begins; null: there is none in it. */
function firstComplete(text: string, sequences: readonly string[]): number | null {
  let first: { at: number; end: number } | null = null;
  for (const one of sequences) {
    const at = text.indexOf(one);
    const end = at + one.length;
    if (at < 0 || (first !== null && (end > first.end || (end === first.end && at > first.at)))) continue;
    first = { at, end };
  }
  return first?.at ?? null;
}

/** Length of the longest beginning of `sequence`, not all of it, that `text` ends with. */
function beginningAtEnd(text: string, sequence: string): number {
  for (let length = Math.min(text.length, sequence.length - 1); length > 0; length--)
    if (text.endsWith(sequence.slice(0, length))) return length;
  return 0;
}
