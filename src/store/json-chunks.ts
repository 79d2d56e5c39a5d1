/** D1 takes 2 MB a bound value; a UTF-16 unit is at most 3 bytes of UTF-8. */
const maxChars = 600_000;

/** JSON arrays of rows, each short enough to be bound to one `json_each(?)`; a row longer than that stands alone. */
export function jsonChunks(rows: readonly object[]): string[] {
  const chunks: string[] = [];
  let open: string[] = [];
  let chars = 0;
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (open.length > 0 && chars + json.length > maxChars) {
      chunks.push(`[${open.join(",")}]`);
      open = [];
      chars = 0;
    }
    open.push(json);
    chars += json.length + 1;
  }
  if (open.length > 0) chunks.push(`[${open.join(",")}]`);
  return chunks;
}
