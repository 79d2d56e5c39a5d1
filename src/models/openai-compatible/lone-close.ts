const close = "</think>";
/** Thoughts that are longer than this, UTF-16 units, are not looked for: the text is kept meanwhile. */
const most = 64 * 1024;

/**
 * Looks for the end of thoughts that no tag opened: the first `</think>` of a text, on a line of its own or before a
 * blank line. An answer may speak of the tag: not after an opening one, and not in a block of code.
 */
export class LoneClose {
  #text = "";
  /** Where the first closing tag is; -1: it has not come. */
  #at = -1;
  #done = false;

  /** Takes more of the text; gives the place behind the tag once it is known to be the end of thoughts, else null. */
  push(piece: string): number | null {
    if (this.#done || piece === "") return null;
    const from = Math.max(0, this.#text.length - close.length + 1);
    this.#text += piece;
    if (this.#at === -1) this.#at = this.#text.indexOf(close, from);
    if (this.#at === -1 ? this.#text.length > most : this.#at > most || !this.#mayEnd()) return this.#over();
    return this.#at === -1 ? null : this.#decide(false);
  }

  /** The text has ended: a tag that nothing follows is the end of thoughts, if it stands alone in its line. */
  end(): boolean {
    return !this.#done && this.#at !== -1 && this.#decide(true) !== null;
  }

  /** No opening tag, and no block of code that is still open, stands before it. */
  #mayEnd(): boolean {
    const before = this.#text.slice(0, this.#at);
    return !before.includes("<think>") && (before.match(/^ {0,3}(```|~~~)/gm)?.length ?? 0) % 2 === 0;
  }

  #decide(ended: boolean): number | null {
    const end = this.#at + close.length;
    const after = /^[ \t]*(\r?\n)?[ \t]*(\r?\n)?/.exec(this.#text.slice(end));
    const [all = "", line, blank] = after ?? [];
    const ownLine = /(^|\n)[ \t]*$/.test(this.#text.slice(0, this.#at));
    if (blank !== undefined || (ownLine && (line !== undefined || ended))) {
      this.#over();
      return end;
    }
    // Something else follows in the line, or in the next one.
    if (end + all.length < this.#text.length) return this.#over();
    return null;
  }

  #over(): null {
    this.#done = true;
    this.#text = "";
    return null;
  }
}
