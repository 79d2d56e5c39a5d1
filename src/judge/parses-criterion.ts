import { parse } from "acorn";
import { finalCriterion, type PreparedCriterion } from "./criterion.ts";

const longest = 1_000_000;

/** The answer, or its first fenced block, parses as JSON (RFC 8259) or as JavaScript (module or script, ES2024). */
export function parsesCriterion(id: string, language: "json" | "javascript"): PreparedCriterion {
  return finalCriterion(id, (answer) => {
    if (answer.text.length > longest) return { accept: false, evidence: `longer than ${longest} characters` };
    const source = fencedBlock(answer.text) ?? answer.text;
    if (source.trim() === "") return { accept: false, evidence: "there is nothing to parse" };
    const error =
      language === "json" ? jsonError(source) : javascriptError(source, "module") && javascriptError(source, "script");
    return error === null ? { accept: true, evidence: `parses as ${language}` } : { accept: false, evidence: error };
  });
}

/** The inside of the first fenced block; null: there is none. A fence that never closes ends with the text. */
export function fencedBlock(text: string): string | null {
  const open = /^[ \t]*```[^\n`]*\n/m.exec(text);
  if (open === null) return null;
  const rest = text.slice(open.index + open[0].length);
  const close = rest.search(/^[ \t]*```/m);
  return close < 0 ? rest : rest.slice(0, close);
}

function jsonError(source: string): string | null {
  try {
    JSON.parse(source);
    return null;
  } catch {
    return "does not parse as json";
  }
}

function javascriptError(source: string, sourceType: "module" | "script"): string | null {
  try {
    parse(source, { ecmaVersion: 2024, sourceType });
    return null;
  } catch (problem) {
    // A SyntaxError of acorn carries line and column; deep nesting ends in a RangeError.
    const place =
      typeof problem === "object" && problem !== null && "loc" in problem ? (problem.loc as { line: number }) : null;
    return place === null ? "does not parse as javascript" : `does not parse as javascript: line ${place.line}`;
  }
}
