import type { Criterion } from "../plan/contract.ts";

/** What a model is told of a criterion that its answer is held to; null: it cannot be said in a line. */
export function criterionText(criterion: Criterion): string | null {
  switch (criterion.type) {
    case "length":
      return range("character", criterion);
    case "words":
      return range("word", criterion);
    case "language":
      return `Write in the language with the ISO code "${criterion.language}".`;
    case "contains":
      return `The answer must ${criterion.must ? "" : "not "}contain ${JSON.stringify(criterion.text)}.`;
    case "pattern":
      return `The answer must ${criterion.must ? "" : "not "}have a match of the regular expression ${criterion.pattern}`;
    case "equals":
      return `Answer with exactly one of: ${criterion.anyOf.map((t) => JSON.stringify(t)).join(", ")}.`;
    case "number": {
      const { path, min, max } = criterion;
      const bounds = [
        ...(min === undefined ? [] : [`at least ${min}`]),
        ...(max === undefined ? [] : [`at most ${max}`]),
      ];
      const what = path === "" ? "Answer with a number alone" : `At ${JSON.stringify(path)} stands a number`;
      return `${[what, ...bounds].join(", ")}.`;
    }
    case "quotes":
      return "What stands in quotation marks must stand in the text word for word.";
    case "parses":
      return `The answer must be valid ${criterion.language === "json" ? "JSON" : "JavaScript"}.`;
    case "expression":
      return null;
  }
}

/** Of nothing at all an answer need not be warned: an empty one is none. */
function range(unit: string, { min = 0, max }: { min?: number | undefined; max?: number | undefined }): string | null {
  const atLeast = min > 1 ? `At least ${min} ${unit}s.` : null;
  const atMost = max === undefined ? null : `At most ${max} ${unit}s.`;
  return [atLeast, atMost].filter((text) => text !== null).join(" ") || null;
}
