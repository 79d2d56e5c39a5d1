const open = "<think>";
const close = "</think>";

export interface SplitText {
  reasoning: string;
  text: string;
}

/**
 * Takes the thinking out of an answer that opens with `<think>`, for servers that run a reasoning model without its
 * parser. Incremental: at most a tag's length is held back. Tags later in an answer are the answer's own.
 */
export class ThinkSplitter {
  #state: "start" | "thinking" | "after" | "text" = "start";
  #held = "";

  push(piece: string): SplitText {
    if (this.#state === "text") return { reasoning: "", text: piece };
    this.#held += piece;
    if (this.#state === "start") {
      const begun = this.#held.trimStart();
      if (begun.length < open.length && open.startsWith(begun)) return { reasoning: "", text: "" };
      if (!begun.startsWith(open)) return { reasoning: "", text: this.#release("text") };
      this.#state = "thinking";
      this.#held = begun.slice(open.length);
    }
    let reasoning = "";
    if (this.#state === "thinking") {
      const end = this.#held.indexOf(close);
      const safe = end === -1 ? this.#held.length - overlap(this.#held) : end;
      reasoning = this.#held.slice(0, safe);
      this.#held = this.#held.slice(end === -1 ? safe : end + close.length);
      if (end === -1) return { reasoning, text: "" };
      this.#state = "after";
    }
    // The blank lines between thinking and answer belong to neither.
    this.#held = this.#held.trimStart();
    return { reasoning, text: this.#held === "" ? "" : this.#release("text") };
  }

  /** What was held back when the stream ended. */
  end(): SplitText {
    const thinking = this.#state === "thinking";
    const held = this.#release("text");
    return thinking ? { reasoning: held, text: "" } : { reasoning: "", text: held };
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
