/** Why a row that an operator told is refused: its number, from 1, and the field. */
export interface RowFault {
  row: number;
  field: string;
  reason: string;
}

/** A value that was refused, as it is told: at most 64 characters of it. */
export function inShort(value: unknown): string {
  // JSON has no word for what a number too large for it becomes: "Infinity" says what was read, "null" does not.
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 64 ? `${text.slice(0, 63)}…` : text;
}
