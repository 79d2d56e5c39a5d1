import { RE2JS } from "re2js";
import { isBoundedPattern } from "./bounded-pattern.ts";

/** Longest string, in code units, that a pattern outside RE2's syntax is tried on. */
const longestBacktracked = 512;

/** Tells whether a string matches; null: the string is too long to be checked within bounds. */
export type PatternTest = (text: string) => boolean | null;

/**
 * A JSON Schema pattern (ECMA-262) as a test that cannot run away: RE2 in linear time where its syntax allows, else
 * (look-ahead) the native engine for patterns of bounded cost, on short strings. A string: why it is refused.
 */
export function compileSchemaPattern(pattern: string): PatternTest | string {
  if (pattern.length > 2000) return "a pattern has at most 2000 characters";
  let native: RegExp;
  try {
    native = new RegExp(pattern, "u");
  } catch {
    return "this is not a regular expression of ECMA-262 (flag u)";
  }
  try {
    const linear = RE2JS.compile(RE2JS.translateRegExp(pattern));
    if (linear.programSize() > 2000) return "this pattern is too large once its repetitions are written out";
    return (text) => linear.test(text);
  } catch {
    if (!isBoundedPattern(pattern))
      return "this pattern could take exponential time; leave out look-around or nested repetition";
    return (text) => (text.length > longestBacktracked ? null : native.test(text));
  }
}

/** Names of properties are matched by the validator's own engine, so only patterns of bounded cost are let in. */
export function refuseNamePattern(pattern: string): string | null {
  const compiled = compileSchemaPattern(pattern);
  if (typeof compiled === "string") return compiled;
  return isBoundedPattern(pattern)
    ? null
    : "this name pattern could take exponential time; leave out nested repetition";
}
