import { openJsonScanner } from "./json-scanner.ts";

const longestText = 1_000_000;

export type PartialReading = { decided: true; value: unknown; complete: boolean } | { decided: false };

const silent = { open() {}, close() {}, key() {}, openString() {}, string() {}, scalar() {} };

/**
 * The value an unfinished JSON stream holds so far: whole members, and the string that is being written up to where
 * it got; unfinished numbers, words and keys are left out. Undecided: no strict JSON object or list has begun.
 */
export function readPartial(text: string): PartialReading {
  const thought = text.startsWith("<think") ? text.indexOf("</think") : 0;
  if (thought < 0) return { decided: false };
  const start = text.slice(thought, longestText).search(/[{[]/);
  if (start < 0) return { decided: false };
  const body = text.slice(thought + start, longestText);
  const scanner = openJsonScanner(silent);
  scanner.push(body);
  const completion = scanner.completion();
  if (completion === null) return { decided: false };
  try {
    const value: unknown = JSON.parse(dropHalfPair(body.slice(0, completion.end)) + completion.suffix);
    return { decided: true, value, complete: scanner.state === "complete" };
  } catch {
    return { decided: false };
  }
}

/** A text cut between the halves of a surrogate pair would show a broken character. */
const dropHalfPair = (text: string): string =>
  (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800 ? text.slice(0, -1) : text;
