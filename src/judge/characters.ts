/** White space as String.prototype.trim takes it (ECMA-262, WhiteSpace and LineTerminator). */
export function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code < 0xa0) return false;
  return (
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

/** Is this code unit the second half of a pair? Code points are counted as code units that are not. */
export const isLowSurrogate = (code: number): boolean => (code & 0xfc00) === 0xdc00;

/** At most `most` characters of a text on one line, for evidence. */
export function quoted(text: string, most = 80): string {
  const line = text.slice(0, most + 1).replace(/\s+/g, " ");
  return JSON.stringify(line.length > most || text.length > most + 1 ? `${line.slice(0, most)}...` : line);
}
