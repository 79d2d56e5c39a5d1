import { createHash } from "node:crypto";
import type { RecordedRow } from "./recorded.ts";

const numberOf = (row: RecordedRow): number => createHash("sha256").update(row.id).digest().readUInt32BE(8);

/** Ways in which callers may say what their jobs are cases of. */
export const namings: [naming: string, contextOf: (row: RecordedRow) => string][] = [
  ["by task", (row) => row.task],
  ["not at all", () => "latin"],
  ["each task by four names", (row) => `${row.task}/${numberOf(row) % 4}`],
  ["by task, 30 % by a name used once", (row) => (numberOf(row) % 10 < 3 ? `once/${numberOf(row)}` : row.task)],
];
