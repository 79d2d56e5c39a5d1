import { createHash } from "node:crypto";

/** Events longer than this, code units of JSON, have their long texts moved to chunk rows. */
export const longBody = 256 * 1024;
/** Texts shorter than this stay where they are: even a hundred of them fit a row of 2 MB. */
const longText = 16 * 1024;
/** A chunk row, code units: at most 768 KB in UTF-8, and a row may have 2 MB. */
const chunkChars = 256 * 1024;

type Path = (string | number)[];
/** Where in an event a text was, and the hash of it. */
export type LongText = { path: Path; hash: string };

/** An event without its long texts, where they belong, and their chunks by hash; the same text twice is stored once. */
export interface SplitBody {
  body: string;
  long: LongText[];
  chunks: { hash: string; part: number; text: string }[];
}

/** An event as JSON, or split where that is too long for a row. */
export function splitBody(event: object): SplitBody | string {
  const whole = JSON.stringify(event);
  if (whole.length <= longBody) return whole;
  const long: LongText[] = [];
  const texts = new Map<string, string>();
  const strip = (value: unknown, path: Path): unknown => {
    if (typeof value === "string" && value.length >= longText) {
      // As JSON: half a surrogate pair would not survive a TEXT column.
      const text = JSON.stringify(value);
      const hash = createHash("sha256").update(text).digest("hex");
      texts.set(hash, text);
      long.push({ path, hash });
      return "";
    }
    if (Array.isArray(value)) return value.map((one, i) => strip(one, [...path, i]));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, strip(one, [...path, key])]));
    return value;
  };
  const body = JSON.stringify(strip(event, []));
  const chunks = [...texts].flatMap(([hash, text]) => cut(text).map((piece, part) => ({ hash, part, text: piece })));
  return { body, long, chunks };
}

/** Pieces of at most `chunkChars` that never part a surrogate pair. */
export function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + chunkChars);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** Puts the long texts back. `read` gives a text by its hash; throws when the log lost it or it is not what it was. */
export function joinBody(event: object, long: LongText[], read: (hash: string) => string): void {
  for (const { path, hash } of long) {
    const text = read(hash);
    if (createHash("sha256").update(text).digest("hex") !== hash) throw new Error("A long text of the log is damaged.");
    let at = event as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
    const last = path.at(-1);
    if (last !== undefined) at[last] = JSON.parse(text);
  }
}
