import { readFileSync } from "node:fs";

/** Values of a file of JSON lines, or of one JSON array. What is broken throws with its line, or its place. */
export function readJsonLines(path: string): unknown[] {
  const text = readFileSync(path, "utf8");
  if (text.trimStart().startsWith("["))
    try {
      return JSON.parse(text) as unknown[];
    } catch (error) {
      throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : error}.`);
    }
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
