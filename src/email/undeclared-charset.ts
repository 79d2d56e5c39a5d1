/**
 * The charset of bytes of which nothing says it. What is not UTF-8 is windows-1252, as most such mails are; "mixed": its
 * letters of UTF-8 outnumber the bytes that are none.
 */
export function charsetOf(bytes: Uint8Array): "utf-8" | "windows-1252" | "mixed" {
  let letters = 0;
  let strays = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = letterLength(bytes, at);
    if (length > 1) letters++;
    else if (length === 0) strays++;
    at += Math.max(1, length);
  }
  return strays === 0 ? "utf-8" : letters > strays ? "mixed" : "windows-1252";
}

/** The same bytes in UTF-8; of mixed ones those that are no letter of it are windows-1252. */
export function asUtf8(bytes: Uint8Array): Uint8Array {
  const charset = charsetOf(bytes);
  if (charset === "utf-8") return bytes;
  if (charset === "windows-1252") return new TextEncoder().encode(new TextDecoder(charset).decode(bytes));
  // A stray byte becomes at most three, and there are fewer of them than letters of two and more.
  const into = new Uint8Array(2 * bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = letterLength(bytes, at);
    const piece = length === 0 ? (windows1252[(bytes[at] ?? 0) - 0x80] ?? []) : bytes.subarray(at, at + length);
    into.set(piece, end);
    end += piece.length;
    at += Math.max(1, length);
  }
  return into.slice(0, end);
}

/** What windows-1252 makes of a byte above ASCII, in UTF-8; by WHATWG's mapping, which has a letter or a control for each. */
const windows1252 = Array.from({ length: 0x80 }, (_, i) =>
  new TextEncoder().encode(new TextDecoder("windows-1252").decode(Uint8Array.of(0x80 + i))),
);

/** Bytes of the letter of UTF-8 that begins here; 0: none does. As Unicode's table of well-formed sequences has them. */
function letterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let more = 2; more < length; more++) if (((bytes[at + more] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Labels that say nothing of bytes above ASCII; programs put "us-ascii" to whatever they send. */
const saysNothing = /^(?:|us-ascii|ascii|unknown-8bit|8bit|binary)$/;

/** The charset of a text part whose header names this one: itself, what its HTML declares, or null: it is undeclared. */
export function declaredCharset(named: string | undefined, type: string, bytes: Uint8Array): string | null {
  const charset = (named ?? "").trim().toLowerCase();
  if (!saysNothing.test(charset)) return charset;
  if (type !== "text/html") return null;
  // Where browsers look for it; UTF-8 would show by itself, and UTF-16 could not say so in bytes of ASCII.
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  const said = /<meta\s[^>]{0,200}charset\s{0,4}=\s{0,4}["']?([\w-]{2,40})/i.exec(head)?.[1]?.toLowerCase();
  return said === undefined || saysNothing.test(said) || said.startsWith("utf") ? null : said;
}
