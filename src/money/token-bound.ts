/** What every call adds to its messages: roles, a template, a schema's wrapping. Tokens. */
const perCallTokens = 64;
const perMessageTokens = 8;
/**
 * Of a picture, where a bidder says nothing else: what most providers said of a large one in 2026 (Anthropic: 4,784), and
 * a little more.
 */
const perImageTokens = 5_000;

/**
 * Tokens a UTF-16 unit outside ASCII, by the first code unit above its script: what js-tiktoken's cl100k and o200k made
 * of running text (2026-11-27, the larger of the two), and a tenth more.
 */
const scripts: readonly (readonly [below: number, tokens: number])[] = [
  [0x400, 1.1], // Latin with accents, Greek
  [0x530, 0.6], // Cyrillic
  [0x590, 2], // Armenian
  [0x900, 1.3], // Hebrew, Arabic
  [0xe00, 1.6], // Devanagari to Malayalam
  [0xe80, 1.2], // Thai
  [0x1200, 2.2], // Lao, Tibetan, Burmese, Georgian
  [0x1400, 3], // Ethiopic
  [0x1e00, 2.2], // Khmer, Mongolian and others
  [0x2000, 1.5], // Latin with two accents (Vietnamese)
  [0x2d00, 2], // typography and symbols
  [0x2e80, 3],
  [0xd800, 1.75], // Han, kana, Hangul
  [0xe000, 2], // half of a pair: emoji, rare letters
  [0x10000, 3],
];

/** A letter of what is no word (a key, a hash, base64), tokens; so long is no word of letters alone. */
const perDenseLetter = 0.8;
const longestWord = 40;
/** Some vocabularies have a token for each digit. */
const perDigit = 1;
const perMark = 0.8;
/** Of white space that is not the one before a word. */
const perSpace = 0.5;

/**
 * Input tokens that a call will hardly exceed. A word is a token and one more for every four further letters, its space
 * included; runs of letters and digits, or of turning case, are read as keys; other scripts have their own rates. For
 * what is reserved, never for what a bid claims or what fits a context: it is a third to a half above most prose.
 */
export function boundTokens(texts: Iterable<string>): number {
  let tokens = perCallTokens;
  for (const text of texts) tokens += perMessageTokens + textTokens(text);
  return Math.ceil(tokens);
}

/** Input tokens that one picture will not exceed at a bidder. */
export const boundImageTokens = (bidder: { imageTokens?: number } | undefined): number =>
  bidder?.imageTokens ?? perImageTokens;

/** What an ASCII character is: 0 a mark, 1 white space or a control, 2 a digit, 3 a capital, 4 a small letter. */
const [mark, space, digit, upper, lower] = [0, 1, 2, 3, 4];
const kinds = Uint8Array.from({ length: 0x80 }, (_, code) =>
  code <= 0x20
    ? space
    : code >= 0x30 && code <= 0x39
      ? digit
      : code >= 0x41 && code <= 0x5a
        ? upper
        : code >= 0x61 && code <= 0x7a
          ? lower
          : mark,
);
const kindAt = (text: string, i: number): number => kinds[text.charCodeAt(i)] ?? mark;

function textTokens(text: string): number {
  let tokens = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    const kind = kinds[code] ?? mark;
    const from = i;
    if (kind >= digit) {
      i = runEnd(text, i);
      tokens += runTokens(text, from, i);
    } else if (kind === space) {
      do i += 1;
      while (kindAt(text, i) === space);
      const joins = i - from === 1 && code === 0x20 && kindAt(text, i) >= upper;
      tokens += joins ? 0 : (i - from) * perSpace;
    } else {
      tokens += code < 0x80 ? perMark : scriptTokens(code);
      i += 1;
    }
  }
  return tokens;
}

function scriptTokens(code: number): number {
  for (const [below, tokens] of scripts) if (code < below) return tokens;
  return 3;
}

/** Behind the letters and digits that begin at `from`. */
function runEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && kindAt(text, end) >= digit) end += 1;
  return end;
}

function runTokens(text: string, from: number, end: number): number {
  let digits = 0;
  let turns = 0;
  let before = kindAt(text, from);
  for (let i = from; i < end; i++) {
    const kind = kindAt(text, i);
    if (kind === digit) digits += 1;
    // A capital begins a word; everything else that changes within one is unusual.
    if (kind !== before && !(before === upper && kind === lower)) turns += 1;
    before = kind;
  }
  const letters = end - from - digits;
  if (letters === 0) return digits * perDigit;
  const mixed = digits > 0 && turns > 1;
  const dense = mixed || turns * 3 > end - from || letters > longestWord;
  return digits * perDigit + (dense ? letters * perDenseLetter : 1 + (letters - 1) / 4);
}
