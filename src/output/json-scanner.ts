/** What a scanner reports while it reads. Calls come in document order; a value is reported when it is complete. */
export interface JsonListener {
  open(kind: "object" | "array"): void;
  close(): void;
  key(name: string): void;
  /** A string value begins. */
  openString(): void;
  /** A complete string value: its first 4,096 code units and its length in code points. */
  string(text: string, length: number): void;
  /** A complete number, true, false or null. */
  scalar(value: number | boolean | null): void;
}

export interface JsonScanner {
  /** Reads on; O(chunk). Does nothing once the root value is complete or the text is no JSON. */
  push(chunk: string): void;
  /** "broken": not strict JSON from here on. */
  readonly state: "reading" | "complete" | "broken";
  /**
   * The string value that is being read, or in which the text ceased to be JSON, so that what is seen of it does not
   * depend on how the text was cut: its text so far (first 4,096 code units) and length; null: none.
   */
  openString(): { text: string; length: number } | null;
  /** Where the text read so far can be cut, counted from its start, and what then closes it; null: nothing yet. */
  completion(): { end: number; suffix: string } | null;
}

const longestKept = 4096;
const deepest = 128;
const escapes: { readonly [code: number]: string } = {
  34: '"',
  92: "\\",
  47: "/",
  98: "\b",
  102: "\f",
  110: "\n",
  114: "\r",
  116: "\t",
};

type Expect = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end";
type Within = "none" | "string" | "escape" | "unicode" | "bare";

/**
 * An incremental reader of strict JSON (RFC 8259) whose root is an object or a list. Memory: the open brackets and at
 * most 4 K of the current string.
 */
export function openJsonScanner(listener: JsonListener): JsonScanner {
  const stack: ("object" | "array")[] = [];
  let state: JsonScanner["state"] = "reading";
  let expect: Expect = "value";
  let within: Within = "none";
  let isKey = false;
  let kept = "";
  let length = 0;
  let hex = "";
  let read = 0;
  let cut = 0;

  const ended = (end: number): void => {
    cut = end;
    expect = "comma-or-end";
    if (stack.length === 0) state = "complete";
  };
  const keep = (part: string): void => {
    if (kept.length < longestKept) kept += part.slice(0, longestKept - kept.length);
  };
  const endString = (end: number): void => {
    within = "none";
    if (isKey) {
      expect = "colon";
      listener.key(kept);
    } else {
      ended(end);
      listener.string(kept, length);
    }
  };
  const endBare = (end: number): boolean => {
    within = "none";
    const literal = kept === "true" ? true : kept === "false" ? false : kept === "null" ? null : undefined;
    if (literal === undefined && !/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(kept)) return false;
    ended(end);
    listener.scalar(literal === undefined ? Number(kept) : literal);
    return true;
  };
  /** A character outside strings and bare words; false: it cannot stand here. */
  const structure = (code: number, end: number): boolean => {
    const wantsValue = expect === "value" || expect === "value-or-end";
    switch (code) {
      case 0x7b:
      case 0x5b: {
        if (!wantsValue || stack.length >= deepest) return false;
        const kind = code === 0x7b ? "object" : "array";
        stack.push(kind);
        cut = end;
        expect = kind === "object" ? "key-or-end" : "value-or-end";
        listener.open(kind);
        return true;
      }
      case 0x7d:
      case 0x5d: {
        const wanted = code === 0x7d ? "object" : "array";
        const empty = code === 0x7d ? "key-or-end" : "value-or-end";
        if (stack.at(-1) !== wanted || (expect !== "comma-or-end" && expect !== empty)) return false;
        stack.pop();
        ended(end);
        listener.close();
        return true;
      }
      case 0x2c:
        if (expect !== "comma-or-end") return false;
        expect = stack.at(-1) === "object" ? "key" : "value";
        return true;
      case 0x3a:
        if (expect !== "colon") return false;
        expect = "value";
        return true;
      case 0x22:
        isKey = expect === "key" || expect === "key-or-end";
        if (!isKey && (!wantsValue || stack.length === 0)) return false;
        within = "string";
        kept = "";
        length = 0;
        if (!isKey) listener.openString();
        return true;
      default:
        if (!wantsValue || stack.length === 0) return false;
        // A bare word: - 0-9 t f n
        if (code !== 0x2d && !(code >= 0x30 && code <= 0x39) && code !== 0x74 && code !== 0x66 && code !== 0x6e)
          return false;
        within = "bare";
        kept = String.fromCharCode(code);
        return true;
    }
  };

  const push = (chunk: string): void => {
    for (let at = 0; at < chunk.length && state === "reading"; at += 1) {
      const code = chunk.charCodeAt(at);
      if (within === "string") {
        let end = at;
        for (; end < chunk.length; end += 1) {
          const next = chunk.charCodeAt(end);
          if (next === 0x22 || next === 0x5c || next < 0x20) break;
          if ((next & 0xfc00) !== 0xdc00) length += 1;
        }
        keep(chunk.slice(at, end));
        at = end;
        if (end === chunk.length) break;
        const stop = chunk.charCodeAt(end);
        if (stop === 0x22) endString(read + end + 1);
        else if (stop === 0x5c) {
          // An escape may be cut: until it is whole, the string can be closed before it.
          if (!isKey) cut = read + end;
          within = "escape";
        } else state = "broken";
      } else if (within === "escape") {
        const plain = escapes[code];
        if (code === 0x75) {
          within = "unicode";
          hex = "";
        } else if (plain === undefined) state = "broken";
        else {
          keep(plain);
          length += 1;
          within = "string";
        }
      } else if (within === "unicode") {
        hex += chunk[at] ?? "";
        if (!/^[0-9a-fA-F]{1,4}$/.test(hex)) state = "broken";
        else if (hex.length === 4) {
          const unit = Number.parseInt(hex, 16);
          keep(String.fromCharCode(unit));
          if ((unit & 0xfc00) !== 0xdc00) length += 1;
          within = "string";
        }
      } else {
        const space = code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
        if (within === "bare") {
          const ends = space || code === 0x2c || code === 0x7d || code === 0x5d;
          if (!ends) {
            kept += chunk[at] ?? "";
            // No number of use is longer, and the word must not grow without bound.
            if (kept.length > 400) state = "broken";
            continue;
          }
          if (!endBare(read + at)) {
            state = "broken";
            continue;
          }
        }
        if (!space && state === "reading" && !structure(code, read + at + 1)) state = "broken";
      }
    }
    read += chunk.length;
  };

  return {
    push,
    get state() {
      return state;
    },
    openString: () => (within !== "none" && within !== "bare" && !isKey ? { text: kept, length } : null),
    completion: () => {
      if (cut === 0) return null;
      const closers = stack.map((kind) => (kind === "object" ? "}" : "]")).reverse();
      const open = within !== "none" && within !== "bare" && !isKey && state !== "broken";
      const end = open && within === "string" ? read : cut;
      return { end, suffix: (open ? '"' : "") + closers.join("") };
    },
  };
}
