import type { Refusal } from "../error.ts";
import { checkSchema } from "../output/check-schema.ts";
import type { Contract, Criterion } from "../plan/contract.ts";
import { refuseExpression } from "./expression-criterion.ts";
import { isPointer } from "./json-pointer.ts";
import { patternSize } from "./pattern-program.ts";

/** Size of one compiled pattern and of all of a contract, in instructions: what a character costs at most. */
const largestPattern = 1_000;
const largestPatterns = 4_000;
const mostEqualChars = 100_000;

/** ISO 639-1 codes of the 60 languages that the detector (eld 2.1) knows. */
const knownLanguages: ReadonlySet<string> = new Set(
  (
    "am ar az be bg bn ca cs da de el en es et eu fa fi fr gu he hi hr hu hy is it ja ka kn ko ku lo lt lv ml mr ms nl " +
    "no or pa pl pt ro ru sk sl sq sr sv ta te th tl tr uk ur vi yo zh"
  ).split(" "),
);

/**
 * What a schema of the wire cannot check of a contract, at submission: patterns compile and are small, languages
 * exist, caps are not zero, bounds are in order. null: fine; else the refusal names the field.
 */
export function checkContract(contract: Contract, languages: ReadonlySet<string> = knownLanguages): Refusal | null {
  if (contract.schema !== undefined) {
    const refused = checkSchema(contract.schema, "contract.schema");
    if (refused !== null) return refused;
  }
  let patterns = 0;
  for (const [index, criterion] of contract.criteria.entries()) {
    const at = `contract.criteria[${index}]`;
    const refused = checkCriterion(criterion, at, languages);
    if (refused !== null) return refused;
    if (criterion.type === "pattern") patterns += patternSize(criterion.pattern);
    if (patterns > largestPatterns)
      return refuse(`${at}.pattern`, "the patterns of this contract are too large together; use fewer or simpler ones");
  }
  for (const [index, words] of contract.judged.entries()) {
    if (words.trim() === "")
      return refuse(`contract.judged[${index}]`, "a judged criterion needs words; say what a good answer does");
  }
  return null;
}

function checkCriterion(criterion: Criterion, at: string, languages: ReadonlySet<string>): Refusal | null {
  switch (criterion.type) {
    case "length":
    case "words":
      if (criterion.max !== undefined && criterion.max < 1)
        return refuse(`${at}.max`, "a cap of zero lets no answer through; give at least 1");
      if (criterion.min === undefined && criterion.max === undefined)
        return refuse(at, "this criterion needs min or max");
      return checkBounds(criterion, at);
    case "number":
      if (!isPointer(criterion.path))
        return refuse(`${at}.path`, 'this is no JSON Pointer; begin it with "/", or leave it empty for the whole text');
      return checkBounds(criterion, at);
    case "pattern":
      return checkPattern(criterion.pattern, `${at}.pattern`);
    case "language":
      return languages.has(criterion.language)
        ? null
        : refuse(`${at}.language`, `this language is not known; use one of ${[...languages].join(", ")}`);
    case "equals": {
      const chars = criterion.anyOf.reduce((sum, text) => sum + text.length, 0);
      return chars > mostEqualChars
        ? refuse(`${at}.anyOf`, `these texts have at most ${mostEqualChars} characters together`)
        : null;
    }
    case "expression": {
      const refused = refuseExpression(criterion.expression);
      return refused === null ? null : refuse(`${at}.expression${refused.path}`, refused.why);
    }
    case "parses":
      return ["json", "javascript"].includes(criterion.language)
        ? null
        : refuse(`${at}.language`, "this cannot be parsed here; use json or javascript");
    case "contains":
    case "quotes":
      return null;
  }
}

function checkBounds({ min, max }: { min?: number; max?: number }, at: string): Refusal | null {
  return min !== undefined && max !== undefined && min > max
    ? refuse(`${at}.min`, "min is above max; swap them")
    : null;
}

function checkPattern(pattern: string, at: string): Refusal | null {
  try {
    const size = patternSize(pattern);
    return size > largestPattern
      ? refuse(
          at,
          `this pattern is too large once its repetitions are written out (${size} steps, at most ${largestPattern}); repeat less`,
        )
      : null;
  } catch {
    return refuse(at, "this is not a pattern in RE2 syntax (no look-around, no back-references); simplify it");
  }
}

const refuse = (field: string, message: string): Refusal => ({
  code: "invalid-contract",
  message,
  field: field.slice(0, 300),
});
