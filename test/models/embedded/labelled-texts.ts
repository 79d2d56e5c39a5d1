import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface LabelledText {
  id: string;
  label: string;
  text: string;
  subject?: string;
}

/** Rows of one set under ../shared/data/tasks (ATOMIC_SHARED names another place), or null with a message. */
export function labelledTexts(set: string): LabelledText[] | null {
  const path = `${process.env.ATOMIC_SHARED ?? "../shared"}/data/tasks/${set}/dev.jsonl.gz`;
  if (!existsSync(path)) {
    console.log(`skipped: ${path} is not here`);
    return null;
  }
  return gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LabelledText);
}
