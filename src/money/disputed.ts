import { costOf, type PriceSheet, tokensOf, type Usage } from "./price.ts";

/** Output tokens at most, thinking included, the texts and pictures that were sent, and at which rates. */
export interface AskedFor {
  price: PriceSheet;
  outputTokens: number;
  texts: readonly string[];
  images: number;
  /** What its bidder says it bills for a picture at most. */
  imageTokens?: number | undefined;
}

/** Tokens that providers add to a prompt by themselves: how tools are called (Anthropic: 300 to 800), a date, a persona. */
const addedTokens = 1_000;

/** What the dearest model bills for a picture at its largest (gpt-4o-mini: 2,833 and eight tiles of 5,667 each). */
const mostImageTokens = 50_000;

/** A provider's own bill may pass the list price of its tokens so many times (Workers AI was seen at three). */
const mostOverList = 4;

/** More than the call can have used: more output than it was allowed, more input than it has bytes, or a bill far over both. */
export function cannotBe(usage: Usage, asked: AskedFor): { input: boolean; output: boolean; bill: boolean } {
  const { input, output, billedNano = 0 } = usage;
  const { price, outputTokens, texts, images, imageTokens = 0 } = asked;
  const added = addedTokens + images * Math.max(mostImageTokens, imageTokens);
  // A text has at least as many bytes as UTF-16 units: mostly they need not be counted.
  const units = texts.reduce((sum, text) => sum + text.length, added);
  return {
    input: input > units && input > texts.reduce((sum, text) => sum + utf8Bytes(text), added),
    output: output > outputTokens,
    bill: billedNano > mostOverList * costOf(price, tokensOf(usage)),
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
