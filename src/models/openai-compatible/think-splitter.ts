import { LoneClose } from "./lone-close.ts";

const open = "<think>";
const close = "</think>";

export interface SplitText {
  reasoning: string;
  text: string;
  /** The text was given before, as reasoning. */
  again?: true;
}

/**
 * Takes the thinking out of an answer that opens with `<think>`, for servers that run a reasoning model without its
 * parser. Incremental: at most a tag's length is held back. Tags later in an answer are the answer's own.
 *
 * Some chat templates write the opening tag themselves, and only the closing one comes. `unopened`: that is known of
 * this model, and all before the tag is thinking. Where it is not known, thoughts were given as text when the tag comes,
 * and `exposed` says so.
 */
export class ThinkSplitter {
  #state: "start" | "unopened" | "thinking" | "after" | "text" = "start";
  #held = "";
  readonly #unopened: boolean;
  /** All that was given as reasoning without a tag before it: the answer, if none comes. */
  #untagged = "";
  #watch: LoneClose | null;
  /** What was given as text was thinking. */
  exposed = false;
  /** Where the thinking of this text began and ended; null: it has none, as far as it came. */
  thought: "tagged" | "unopened" | null = null;

  /** `whole`: the text is a whole answer from its beginning, not the rest of one. `may`: it may begin within thoughts. */
  constructor(unopened = false, whole = true, may = true) {
    this.#unopened = unopened && whole;
    this.#watch = whole && may && !unopened ? new LoneClose() : null;
  }

  push(piece: string): SplitText {
    if (this.#state === "text") return { reasoning: "", text: this.#watched(piece) };
    this.#held += piece;
    if (this.#state === "start") {
      const begun = this.#held.trimStart();
      if (begun.length < open.length && open.startsWith(begun)) return { reasoning: "", text: "" };
      if (begun.startsWith(open)) {
        this.#state = "thinking";
        this.thought = "tagged";
        this.#watch = null;
        this.#held = begun.slice(open.length);
      } else if (this.#unopened) this.#state = "unopened";
      else return this.#first();
    }
    let reasoning = "";
    if (this.#state === "thinking" || this.#state === "unopened") {
      const end = this.#held.indexOf(close);
      const safe = end === -1 ? this.#held.length - overlap(this.#held) : end;
      reasoning = this.#held.slice(0, safe);
      if (this.#state === "unopened") this.#untagged += reasoning;
      this.#held = this.#held.slice(end === -1 ? safe : end + close.length);
      if (end === -1) return { reasoning, text: "" };
      this.thought ??= "unopened";
      this.#state = "after";
    }
    // The blank lines between thinking and answer belong to neither.
    this.#held = this.#held.trimStart();
    return { reasoning, text: this.#held === "" ? "" : this.#release("text") };
  }

  /** What was held back when the stream ended. `cut`: by its cap, so that thoughts which had no end are no answer. */
  end(cut = false): SplitText {
    const state = this.#state;
    const held = this.#release("text");
    if (state === "unopened" && !cut) return { reasoning: "", text: this.#untagged + held, again: true };
    if (state === "thinking" || state === "unopened") return { reasoning: held, text: "" };
    const text = this.#watched(held);
    if (this.#watch?.end() === true) this.exposed = true;
    return { reasoning: "", text };
  }

  /** The first text of an answer that opens with no tag. Where all thoughts are in it, none was given yet. */
  #first(): SplitText {
    const held = this.#release("text");
    const end = this.#watch?.push(held) ?? null;
    if (end === null) return { reasoning: "", text: held };
    this.#watch = null;
    this.thought = "unopened";
    this.#state = "after";
    this.#held = held.slice(end).trimStart();
    return { reasoning: held.slice(0, end - close.length), text: this.#held === "" ? "" : this.#release("text") };
  }

  /** More text: none of it is given once it turns out that what was before it was thinking. */
  #watched(piece: string): string {
    if ((this.#watch?.push(piece) ?? null) !== null) this.exposed = true;
    return this.exposed ? "" : piece;
  }

  #release(state: "text"): string {
    this.#state = state;
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

/** Length of the longest end of `text` that may be the beginning of the closing tag. */
function overlap(text: string): number {
  for (let n = Math.min(close.length - 1, text.length); n > 0; n--) if (text.endsWith(close.slice(0, n))) return n;
  return 0;
}
