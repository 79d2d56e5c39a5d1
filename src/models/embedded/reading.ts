import { readLimitChars } from "./specialist.ts";

/** Ends a specialist's turn: timers, streams and aborts of other attempts run before it goes on. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The first `limit` characters, never ending in half a surrogate pair. */
export function head(text: string, limit = readLimitChars): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

/** Letters in the first `limit` characters; 0: there is nothing to judge. */
export const letterCount = (text: string, limit = 4096): number => head(text, limit).match(/\p{L}/gu)?.length ?? 0;

/** The text without the word "Subject:" that mails are given to read with; it is ours, not theirs. */
export const unlabelled = (text: string): string => text.replace(/^subject:/i, "");

/** Links and addresses say nothing about language or mood. Every quantifier is bounded: linear time. */
export const withoutLinks = (text: string): string =>
  text.replace(/\bhttps?:\/\/[^\s<>"')\]]{1,2000}/gi, " ").replace(/[\w.+-]{1,64}@[\w.-]{1,255}/g, " ");

/** Sentences of a text, in order; at most `limit`, the longer cut after `longest` characters. */
export function sentences(text: string, limit = 200, longest = 1000): string[] {
  const found: string[] = [];
  for (const block of head(text).split(/\n\s{0,20}\n|\r\n\s{0,20}\r\n/)) {
    let start = 0;
    const line = block.replace(/\s+/g, " ").trim();
    for (let at = 0; at < line.length && found.length < limit; at++) {
      const end = at + 1 === line.length;
      if (!end && at - start < longest && !isSentenceEnd(line, at)) continue;
      const sentence = line.slice(start, at + 1).trim();
      if (sentence !== "") found.push(sentence);
      start = at + 1;
    }
    if (found.length >= limit) break;
  }
  return found;
}

/** Is the character at `at` the last of a sentence? A full stop after a title, an initial or a digit is not. */
function isSentenceEnd(line: string, at: number): boolean {
  const c = line.charAt(at);
  if (c === "。" || c === "！" || c === "？") return true;
  if (c !== "." && c !== "!" && c !== "?") return false;
  if (line.charAt(at + 1) !== " ") return false;
  if (c !== ".") return true;
  const before = line.slice(Math.max(0, at - 12), at);
  // "3. Please" ends a sentence; "am 3. Februar", "no. 3. and" do not.
  if (/\d$/.test(before)) return !/^ [\p{Ll}\d]/u.test(line.slice(at + 1, at + 3)) && !ordinal.test(before);
  return !abbreviation.test(before);
}

const abbreviation =
  /(?:(?<!\p{L})(?:mr|mrs|ms|dr|prof|st|no|nr|vs|etc|e\.g|i\.e|ca|bzw|z\.b|inc|ltd)|(?<!\p{L})\p{L})$/iu;
const ordinal = /(?<!\p{L})(?:am|ab|dem|den|der|vom|zum|bis|und) \d{1,2}$/iu;

/** Lower-case words of letters and inner apostrophes; at most `limit`. */
export function words(text: string, limit = 20_000): string[] {
  const found: string[] = [];
  for (const match of head(text).matchAll(/[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)?/gu)) {
    found.push(match[0].toLowerCase().replace("’", "'"));
    if (found.length >= limit) break;
  }
  return found;
}

const englishFunctionWords = new Set(
  (
    "a an the and or but if of to in on at by for from with as is are was were be been am i you he she it we they me my " +
    "your his her its our their this that these those not no do does did have has had will would can could should so " +
    "what which who how when where there here all any just very too than then up out about into please it's i'm don't"
  ).split(" "),
);

/**
 * Share of the words that are English function words, 0 to 1: 0.3 to 0.5 in English, below 0.1 elsewhere. The lexicons
 * are English, so on other texts what they find is chance, and their confidence must say so.
 */
export function looksEnglish(tokens: readonly string[]): boolean {
  const sample = tokens.slice(0, 400);
  if (sample.length < 6) return sample.every((word) => /^[a-z']+$/.test(word));
  const hits = sample.filter((word) => englishFunctionWords.has(word)).length;
  return hits / sample.length >= 0.12;
}
