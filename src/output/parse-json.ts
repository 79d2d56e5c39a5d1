/** May hold an integer beyond 2^53 or a number beyond all. */
const mayLose = /\d{16}|\d[eE]\+?\d{3}/;

/** Does a number hold exactly what an integer's literal says? Of fractions nobody expects it. */
export function isExact(literal: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  return !/^[-+]?\d{16,}$/.test(literal) || BigInt(literal) === BigInt(value);
}

/** What JSON.parse tells a reviver of a primitive (ECMAScript, JSON.parse source text access). */
interface Source {
  source?: string;
}

/**
 * JSON.parse, but that no number is changed on the way: an integer that a double does not hold exactly, and a number
 * beyond all doubles, stay the text they were written as. Throws a SyntaxError.
 */
export function parseJson(text: string): unknown {
  if (!mayLose.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown, { source }: Source = {}) =>
    typeof value === "number" && source !== undefined && !isExact(source, value) ? source : value,
  );
}

/**
 * The same with every number that would be written otherwise (1.10, 1e3) as its text, for where a text is wanted.
 * null: there is none.
 */
export function parseLiterally(text: string): unknown {
  let found = false;
  const value: unknown = JSON.parse(text, (_, part: unknown, { source }: Source = {}) => {
    if (typeof part !== "number" || source === undefined || String(part) === source) return part;
    found = true;
    return source;
  });
  return found ? value : null;
}
