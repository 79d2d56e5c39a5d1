/** Writing systems told apart by code point, in order of test. A context feature of cells, not a language detector. */
const scripts: [string, RegExp][] = [
  ["cyrillic", /\p{Script=Cyrillic}/gu],
  ["arabic", /\p{Script=Arabic}/gu],
  ["hebrew", /\p{Script=Hebrew}/gu],
  ["greek", /\p{Script=Greek}/gu],
  ["devanagari", /\p{Script=Devanagari}/gu],
  ["cjk", /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu],
  ["latin", /\p{Script=Latin}/gu],
];

/** The script most letters of the first 2,000 characters are in; "other" for none of the known ones, "none" without letters. */
export function scriptOf(text: string): string {
  const head = text.slice(0, 2000);
  let best = "none";
  let most = 0;
  for (const [name, pattern] of scripts) {
    const count = head.match(pattern)?.length ?? 0;
    if (count > most) {
      most = count;
      best = name;
    }
  }
  return most === 0 && /\p{L}/u.test(head) ? "other" : best;
}
