/** Bytes of UTF-8 in one word: with "=?utf-8?B?" and "?=" 72 characters, of the 75 that RFC 2047 allows. */
const wordBytes = 45;

/** A header's value as encoded words (RFC 2047), one a line; no character is torn. */
export function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  let size = 0;
  for (const character of text.toWellFormed()) {
    const bytes = new TextEncoder().encode(character).length;
    if (size + bytes > wordBytes) {
      words.push(word);
      word = "";
      size = 0;
    }
    word += character;
    size += bytes;
  }
  return [...words, word].map((one) => `=?utf-8?B?${base64(one)}?=`).join("\r\n ");
}

export function base64(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
