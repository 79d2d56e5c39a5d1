import type { JsonSchema } from "../plan/contract.ts";
import { quoted } from "./characters.ts";
import type { CriterionResult } from "./verdict.ts";

/** What a model judge said of one candidate, criterion by criterion. */
export interface Judgement {
  results: { criterion: number; result: "accept" | "reject" | "undecided"; evidence: string }[];
}

const longestReply = 20_000;

const object = (properties: { [name: string]: JsonSchema }): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const evidence: JsonSchema = { type: "string" };

/** The shape of a pointwise judgement, for judges that can be held to one. */
export const judgementSchema = (on: "prefix" | "whole"): JsonSchema =>
  object({
    results: {
      type: "array",
      items: object({
        criterion: { type: "integer" },
        result: { type: "string", enum: ["accept", "reject", ...(on === "prefix" ? ["undecided"] : [])] },
        evidence,
      }),
    },
  });

/** The shape of a comparison. */
export const comparisonSchema: JsonSchema = object({
  better: { type: "string", enum: ["ONE", "TWO", "TIE"] },
  evidence,
});

/**
 * Reads a pointwise judgement strictly: one JSON object, one result for every criterion, nothing missing, doubled or
 * unknown. Only of a prefix may it say "undecided". null: not that, so the judge has no say; a sloppy judge must not decide by our guess at what it meant.
 */
export function readJudgement(text: string, criteria: number, on: "prefix" | "whole" = "whole"): Judgement | null {
  const value = strictJson(text);
  if (!isRecord(value) || !Array.isArray(value.results) || value.results.length !== criteria) return null;
  const results: Judgement["results"] = [];
  for (const entry of value.results) {
    if (!isRecord(entry)) return null;
    const { criterion, result, evidence } = entry;
    if (typeof criterion !== "number" || !Number.isInteger(criterion) || criterion < 0 || criterion >= criteria)
      return null;
    if (result !== "accept" && result !== "reject" && !(on === "prefix" && result === "undecided")) return null;
    if (results.some((other) => other.criterion === criterion)) return null;
    results.push({ criterion, result, evidence: typeof evidence === "string" ? evidence.slice(0, 200) : "" });
  }
  return { results: results.sort((a, b) => a.criterion - b.criterion) };
}

/** Reads a comparison strictly, turned back to `first` and `second` of the pair. null: the judge has no say. */
export function readComparison(text: string, order: "ab" | "ba"): "first" | "second" | "tie" | null {
  const value = strictJson(text);
  if (!isRecord(value)) return null;
  if (value.better === "TIE") return "tie";
  if (value.better !== "ONE" && value.better !== "TWO") return null;
  return (value.better === "ONE") === (order === "ab") ? "first" : "second";
}

/**
 * Two comparisons of one pair, asked in both orders. A judge that names different winners follows the place, not the
 * text (Zheng et al., "Judging LLM-as-a-Judge", 2023, section 3.4): no say.
 */
export function combinePairwise(
  one: ReturnType<typeof readComparison>,
  other: ReturnType<typeof readComparison>,
): { better: "first" | "second" | "tie" } | null {
  return one !== null && one === other ? { better: one } : null;
}

/** A judgement as results of a verdict. Evidence is the judge's own text: data, one line, quoted. */
export function judgedResults(judgement: Judgement): CriterionResult[] {
  return judgement.results.map(({ criterion, result, evidence }) => ({
    criterion: `judged/${criterion}`,
    class: "judged",
    result,
    evidence: evidence === "" ? "no reason given" : quoted(evidence, 180),
  }));
}

/** JSON, in one code fence or in none, after a finished think block or none. */
function strictJson(text: string): unknown {
  if (text.length > longestReply) return undefined;
  const said = text.replace(/^\s*<think>[\s\S]*?<\/think>/, "").trim();
  const fenced = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/.exec(said);
  try {
    return JSON.parse(fenced?.[1] ?? said);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
