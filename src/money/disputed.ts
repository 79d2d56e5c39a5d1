import type { Usage } from "./price.ts";

/** Output tokens at most, thinking included, and the texts and pictures that were sent. */
export interface AskedFor {
  outputTokens: number;
  texts: readonly string[];
  images: number;
}

/** Tokens that providers add to a prompt by themselves: how tools are called (Anthropic: 300 to 800), a date, a persona. */
const addedTokens = 1_000;

/** What the dearest model bills for a picture at its largest (gpt-4o-mini: 2,833 and eight tiles of 5,667 each). */
const mostImageTokens = 50_000;

/** More than the call can have used: more output than it was allowed, or more input than it has bytes. */
export function cannotBe({ input, output }: Usage, asked: AskedFor): { input: boolean; output: boolean } {
  const { outputTokens, texts, images } = asked;
  const added = addedTokens + images * mostImageTokens;
  // A text has at least as many bytes as UTF-16 units: mostly they need not be counted.
  const units = texts.reduce((sum, text) => sum + text.length, added);
  return {
    input: input > units && input > texts.reduce((sum, text) => sum + utf8Bytes(text), added),
    output: output > outputTokens,
  };
}

/** A vocabulary of byte pairs has a token for each byte, so that a text has no more tokens than this. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Each half of a surrogate pair is two of the four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  return bytes;
}
