import type { PreparedCriterion } from "./criterion.ts";
import { occurrenceCriterion, type Search } from "./occurrence.ts";
import { compilePattern, type PatternProgram, type PatternState } from "./pattern-program.ts";

/** A pattern (RE2 syntax) that must, or must not, occur; matched as the text streams, each character once. */
export function patternCriterion(id: string, pattern: string, must: boolean): PreparedCriterion {
  const program = compilePattern(pattern);
  return occurrenceCriterion(id, pattern, must, () => searchPattern(program));
}

function searchPattern(program: PatternProgram): Search {
  let state: PatternState = program.start;
  /** First half of a surrogate pair that was cut by a chunk's end; 0: none. */
  let half = 0;
  const push = (chunk: string): void => {
    for (let at = 0; at < chunk.length && !state.matched && !state.dead; at += 1) {
      const code = chunk.charCodeAt(at);
      if (half !== 0) {
        const pair = (code & 0xfc00) === 0xdc00;
        const rune = pair ? (half - 0xd800) * 0x400 + (code - 0xdc00) + 0x10000 : half;
        half = 0;
        state = program.step(state, rune);
        if (pair) continue;
      }
      if ((code & 0xfc00) === 0xd800) half = code;
      else state = program.step(state, code);
    }
  };
  return {
    push,
    found: () => state.matched,
    impossible: () => state.dead,
    foundAtEnd: () => program.matchesAtEnd(half === 0 ? state : program.step(state, half)),
  };
}
