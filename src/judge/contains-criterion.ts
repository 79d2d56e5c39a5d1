import { foldCase } from "../output/fold-case.ts";
import type { PreparedCriterion } from "./criterion.ts";
import { occurrenceCriterion } from "./occurrence.ts";

/** A text that must, or must not, occur. Found in a stream by Knuth, Morris and Pratt's automaton: O(1) a character. */
export function containsCriterion(id: string, text: string, must: boolean, ignoreCase: boolean): PreparedCriterion {
  const codes = Uint16Array.from({ length: text.length }, (_, at) =>
    ignoreCase ? foldCase(text.charCodeAt(at)) : text.charCodeAt(at),
  );
  const borders = borderTable(codes);
  return occurrenceCriterion(id, text, must, () => {
    let matched = 0;
    return {
      push: (chunk) => {
        for (let at = 0; at < chunk.length && matched < codes.length; at += 1) {
          const raw = chunk.charCodeAt(at);
          const code = ignoreCase ? foldCase(raw) : raw;
          while (matched > 0 && codes[matched] !== code) matched = borders[matched - 1] ?? 0;
          if (codes[matched] === code) matched += 1;
        }
      },
      found: () => matched === codes.length,
      impossible: () => false,
      foundAtEnd: () => matched === codes.length,
    };
  });
}

/** Length of the longest proper border of every prefix (Knuth, Morris, Pratt 1977). */
export function borderTable(codes: ArrayLike<number>): Uint32Array {
  const borders = new Uint32Array(codes.length);
  for (let at = 1, border = 0; at < codes.length; at += 1) {
    while (border > 0 && codes[border] !== codes[at]) border = borders[border - 1] ?? 0;
    if (codes[border] === codes[at]) border += 1;
    borders[at] = border;
  }
  return borders;
}
