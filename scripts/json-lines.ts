import { readFileSync } from "node:fs";

/** Values of a file of JSON lines, or of one JSON array. A broken line throws with its number. */
export function readJsonLines(path: string): unknown[] {
  const text = readFileSync(path, "utf8");
  if (text.trimStart().startsWith("[")) return JSON.parse(text) as unknown[];
  return text
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      try {
        return JSON.parse(line) as unknown;
      } catch {
        throw new Error(`${path}:${number} is not JSON.`);
      }
    });
}
