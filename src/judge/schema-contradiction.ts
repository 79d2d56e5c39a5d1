import { foldText } from "../output/fold-case.ts";
import { type JsonListener, type JsonScanner, openJsonScanner } from "../output/json-scanner.ts";
import { quoted } from "./characters.ts";
import type { JsonType, SchemaShape } from "./schema-shape.ts";

/** A place in the value that is being read. */
interface Frame {
  kind: "object" | "array";
  /** Shape of the object or list itself; null: unknown. */
  shape: SchemaShape | null;
  /** A list where a single value belongs: the reader takes it out when it is the only item. */
  wrapped: boolean;
  seen: Set<string>;
  key: string;
  items: number;
}

export interface ContradictionWatch {
  push(chunk: string): void;
  /** What contradicts the schema, with its place; null: nothing yet. */
  contradiction(): string | null;
  /**
   * Does every required member of the root stand: its value is complete, or is a list, an object or a free string that
   * has begun? An enum's member stands when it is complete, since it is what a criterion of choice is about.
   */
  stands(): boolean;
}

const mostKeys = 1_000;
/** Lists that the reader would put around one value. */
const mostLists = 8;

/**
 * Holds the JSON of a stream against a schema's shape while it is read. Only what the reader of whole answers does
 * not mend is a contradiction: "5" for a number, an unknown key, a list of one, null for an optional key pass.
 */
export function watchContradictions(root: SchemaShape): ContradictionWatch {
  const stack: Frame[] = [];
  let contradiction: string | null = null;
  let nullRequired = true;
  const stood = new Set<string>();
  /** Shape of the string that is being written. */
  let written: SchemaShape | null = null;

  const reject = (why: string): void => {
    const path = stack
      .map((frame) => `/${frame.kind === "object" ? frame.key : Math.max(0, frame.items - 1)}`)
      .join("");
    contradiction ??= `${why} at ${path === "" ? "the top level" : path.slice(0, 80)}`;
  };
  const stand = (): void => {
    const frame = stack[0];
    if (stack.length === 1 && frame?.kind === "object" && stood.size < mostKeys) stood.add(frame.key);
  };
  /** Shape of the value that begins now, after counting it in its parent. */
  const begin = (): SchemaShape | null => {
    const parent = stack.at(-1);
    if (parent === undefined) return root;
    if (parent.kind === "object") {
      nullRequired = parent.shape?.required.includes(parent.key) ?? false;
      return parent.shape?.property(parent.key) ?? null;
    }
    parent.items += 1;
    nullRequired = true;
    if (parent.wrapped) {
      if (parent.items > 1) reject("a list stands where one value belongs");
      return parent.shape;
    }
    if (parent.shape !== null && parent.items > parent.shape.mostItems)
      reject(`more than ${parent.shape.mostItems} items`);
    return parent.shape?.item() ?? null;
  };
  const forbids = (shape: SchemaShape, type: JsonType): boolean => shape.types !== null && !shape.types.has(type);
  /** Shape of the items where only a list may stand: a single value is read as its item. */
  const itemOf = (shape: SchemaShape): SchemaShape | null | undefined =>
    shape.types?.has("array") ? shape.item() : undefined;
  /** May this value stand here, as it is, mended, or as the item of a list that is added? null: any value may. */
  const takes = (shape: SchemaShape | null, fits: (shape: SchemaShape) => boolean, depth = 0): boolean => {
    if (shape === null || depth > mostLists || fits(shape)) return true;
    const item = itemOf(shape);
    return item !== undefined && takes(item, fits, depth + 1);
  };
  /** JSON within a string is decoded by the reader; numbers and truth values within one are taken too. */
  const takesString = (shape: SchemaShape, start: string): boolean =>
    !forbids(shape, "string") ||
    (shape.types?.has("object") === true && start.startsWith("{")) ||
    (shape.types?.has("array") === true && start.startsWith("[")) ||
    (shape.types?.has("number") === true && /^[-+]?\d[\d.,eE+-]*\s*$/.test(start)) ||
    (shape.types?.has("boolean") === true && /^(?:true|false)\s*$/i.test(start));

  const checkString = (shape: SchemaShape | null, text: string, length: number, whole: boolean): void => {
    if (shape === null) return;
    if (forbids(shape, "string")) {
      const start = text.trimStart();
      if (whole && !takes(shape, (one) => takesString(one, start))) reject("a string stands where none is allowed");
      return;
    }
    if (shape.types !== null && shape.types.size > 1 && !whole) return;
    if (shape.members !== null && shape.types !== null && text.length < 4096) {
      const impossible = impossiblePart(text, shape.members, whole && shape.types.size === 1);
      if (impossible !== null) reject(`${quoted(impossible, 40)} begins no member of the enum`);
    }
    if (length > shape.longestString) reject(`a string has more than ${shape.longestString} characters`);
  };

  const listener: JsonListener = {
    open: (kind) => {
      stand();
      const shape = begin();
      let inner = shape;
      let wrapped = false;
      if (kind === "array" && shape !== null && forbids(shape, "array")) wrapped = true;
      if (kind === "object" && shape !== null && forbids(shape, "object")) {
        if (!takes(shape, (one) => !forbids(one, "object"))) reject("an object stands where none is allowed");
        inner = itemOf(shape) ?? null;
        while (inner !== null && forbids(inner, "object")) inner = itemOf(inner) ?? null;
      }
      stack.push({ kind, shape: inner, wrapped, seen: new Set(), key: "", items: 0 });
    },
    close: () => {
      const frame = stack.pop();
      if (frame?.kind !== "object" || frame.shape === null || frame.seen.size >= mostKeys) return;
      for (const name of frame.shape.required)
        if (!frame.seen.has(name)) reject(`the required key ${quoted(name, 40)} is missing`);
    },
    key: (name) => {
      const frame = stack.at(-1);
      if (frame === undefined) return;
      frame.key = name;
      if (frame.seen.size < mostKeys) frame.seen.add(name);
    },
    openString: () => {
      written = begin();
    },
    string: (text, length) => {
      stand();
      checkString(written, text, length, true);
    },
    scalar: (value) => {
      stand();
      const shape = begin();
      if (shape === null) return;
      if (value === null) {
        const parent = stack.at(-1);
        // A list of one null may be taken for the null that is allowed in its place.
        if (parent?.kind === "array" && parent.items === 1 && parent.shape?.types?.has("null")) return;
        if (forbids(shape, "null") && nullRequired) reject("null stands where a value is required");
        return;
      }
      const type = typeof value === "number" ? "number" : "boolean";
      if (forbids(shape, type)) {
        const mended = (one: SchemaShape): boolean =>
          !forbids(one, type) || (type === "number" && one.types?.has("string") === true);
        if (!takes(shape, mended)) reject(`a ${type} stands where none is allowed`);
      } else if (typeof value === "number" && outside(value, shape)) reject(`${value} is out of bounds`);
    },
  };

  const scanner: JsonScanner = openJsonScanner(listener);
  return {
    push: (chunk) => {
      if (contradiction !== null) return;
      scanner.push(chunk);
      const open = scanner.openString();
      if (open === null || contradiction !== null) return;
      checkString(written, open.text, open.length, false);
    },
    contradiction: () => contradiction,
    stands: () => {
      if (contradiction !== null || scanner.state === "broken") return false;
      if (scanner.state === "complete") return true;
      const frame = stack[0];
      if (frame?.kind !== "object" || root.required.length === 0) return false;
      const writing = stack.length === 1 && scanner.openString() !== null && !frame.shape?.property(frame.key)?.members;
      return root.required.every((name) => stood.has(name) || (writing && name === frame.key));
    },
  };
}

/** The shortest part of a text that begins no member (or, of a whole text, is none); null: it is possible. */
function impossiblePart(text: string, members: readonly string[], whole: boolean): string | null {
  const folded = (part: string): string => foldText(part.trim());
  const all = folded(text);
  if (whole ? members.includes(all) : members.some((member) => member.startsWith(all))) return null;
  const longest = members.reduce((most, member) => Math.max(most, member.length), 0);
  for (let end = 1; end <= text.length && end <= longest + 64; end += 1) {
    const part = text.slice(0, end);
    if (!members.some((member) => member.startsWith(folded(part)))) return part;
  }
  return text;
}

function outside(value: number, shape: SchemaShape): boolean {
  if (value < shape.lowest || (shape.openLow && value === shape.lowest)) return true;
  return value > shape.highest || (shape.openHigh && value === shape.highest);
}
