const folded = new Map<number, number>();

/**
 * Lower case of one code unit, where that is one code unit; else itself. The two small sigmas are one, so that what a
 * text folds to never depends on what stands around it, or was cut off behind it.
 */
export function foldCase(code: number): number {
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? code + 32 : code;
  const known = folded.get(code);
  if (known !== undefined) return known;
  const lower = String.fromCharCode(code).toLowerCase();
  const one = lower.length === 1 ? lower.charCodeAt(0) : code;
  const result = one === 0x3c2 ? 0x3c3 : one;
  folded.set(code, result);
  return result;
}

/** Each code unit folded: the fold of a beginning is the beginning of the fold, which toLowerCase does not promise. */
export function foldText(text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at += 1) result += String.fromCharCode(foldCase(text.charCodeAt(at)));
  return result;
}
