import { readCall } from "../output/read-call.ts";
import { canonicalJson } from "../plan/canonical-json.ts";
import { callText, type ToolCall, type Tools } from "../plan/tool.ts";
import type { CriterionResult } from "./verdict.ts";

/** Errors of one answer's calls that are told. */
const mostErrors = 6;

/**
 * The criterion that a request with tools brings along: calls name tools that are offered, with arguments that fit, and
 * there are none, one or some as the request has it. Final: what a call lacks may stand in its last word.
 */
export function judgeCalls(calls: readonly ToolCall[], tools: Tools): CriterionResult {
  const said = (result: "accept" | "reject", evidence: string): CriterionResult => ({
    criterion: "calls",
    class: "final",
    result,
    evidence: evidence.slice(0, 300),
  });
  const { choice, parallel } = tools;
  const named = typeof choice === "object" ? choice.name : null;
  if (calls.length === 0)
    return choice === "required" || named !== null
      ? said("reject", `it calls ${named === null ? "no tool" : `not ${named}`}, and must`)
      : said("accept", "it calls nothing, and need not");
  if (choice === "none") return said("reject", `it calls ${calls[0]?.name}, and may call nothing`);
  if (calls.length > 1 && !parallel) return said("reject", `it calls ${calls.length} tools, and may call one`);
  const other = calls.find(({ name }) => named !== null && name !== named);
  if (other !== undefined) return said("reject", `it calls ${other.name}, and may call ${named} only`);
  const errors = calls.flatMap((call) => readCall(call, tools).errors.map((error) => `${call.name}: ${error}`));
  if (errors.length > 0) return said("reject", errors.slice(0, mostErrors).join("; "));
  return said("accept", `${calls.map(callText).join(", ").slice(0, 200)} fits`);
}

/** Calls in their compared form: what is called and with what, whatever the ids and the order of keys. */
export const callsForm = (calls: readonly ToolCall[]): string =>
  canonicalJson(calls.map(({ name, arguments: written }) => [name, argumentsIn(written)]));

function argumentsIn(written: string): unknown {
  try {
    return JSON.parse(written === "" ? "{}" : written);
  } catch {
    return written;
  }
}
