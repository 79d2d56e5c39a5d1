import { jsonrepair } from "jsonrepair";
import type { JsonSchema } from "../plan/contract.ts";
import { type Candidate, findCandidates } from "./candidates.ts";
import { type Fitting, fitToSchema } from "./fit.ts";
import type { Reading } from "./reader.ts";
import { prepareSchema, type ReadingError } from "./validator.ts";

const longestText = 10_000_000;
/** Repair is not proved linear, so it is tried on texts up to this length only. */
const longestRepaired = 500_000;
const deepest = 128;

/**
 * What a model's text is as a value of the schema: the JSON is found among fences and prose, parsed, repaired where
 * it is broken, fitted where it is nearly right, and validated. Never throws; texts over 10 MB are an error.
 */
export function readAnswer(text: string, schema: JsonSchema): Reading {
  if (text.length > longestText)
    return failed([{ path: "", message: "the answer is longer than 10,000,000 characters" }]);
  const prepared = prepareSchema(schema);
  if (!prepared.ok) return failed([{ path: "", message: prepared.why }]);
  const fitting: Fitting = { prepared, budget: { steps: 0 } };
  const candidates = findCandidates(text);
  let errors: ReadingError[] | null = null;
  for (const mend of [parseStrictly, parseRepaired]) {
    for (const candidate of candidates) {
      const parsed = mend(candidate);
      if (parsed === null) continue;
      const reading = validated(parsed.value, parsed.repairs, fitting);
      if (reading.ok) return reading;
      errors ??= reading.errors;
    }
  }
  const bare = readBare(candidates[0], fitting);
  if (bare !== null) return bare;
  return failed(
    errors ?? [{ path: "", message: text.trim() === "" ? "the answer is empty" : "the answer holds no JSON" }],
  );
}

function validated(value: unknown, repairs: string[], fitting: Fitting): Reading {
  const { prepared, budget } = fitting;
  const errors = prepared.errors(value, prepared.root, budget);
  if (errors.length === 0) return { ok: true, value, repairs };
  const mends = new Set(repairs);
  const fitted = fitToSchema(value, prepared.root, fitting, mends);
  const valid = prepared.errors(fitted, prepared.root, budget).length === 0;
  return valid ? { ok: true, value: fitted, repairs: [...mends] } : failed(errors);
}

function parseStrictly(candidate: Candidate): { value: unknown; repairs: string[] } | null {
  if (!isShallow(candidate.text)) return null;
  try {
    return { value: JSON.parse(candidate.text), repairs: candidate.repairs };
  } catch {
    return null;
  }
}

function parseRepaired(candidate: Candidate): { value: unknown; repairs: string[] } | null {
  const { text, repairs } = candidate;
  // Without a bracket, repair would make a string of any prose.
  if (text.length > longestRepaired || !/^[[{"']|^(?:True|False|None)$/.test(text) || !isShallow(text)) return null;
  try {
    const repaired = jsonrepair(text);
    if (!isShallow(repaired)) return null;
    return { value: JSON.parse(repaired), repairs: repaired === text ? repairs : [...repairs, "json-repaired"] };
  } catch {
    return null;
  }
}

/** A bare word or sentence, where the schema takes a string (an enum member, free text). */
function readBare(candidate: Candidate | undefined, fitting: Fitting): Reading | null {
  if (candidate === undefined || candidate.text === "" || candidate.text.length > longestRepaired) return null;
  const reading = validated(candidate.text, [...candidate.repairs, "bare-text"], fitting);
  return reading.ok && typeof reading.value !== "object" ? reading : null;
}

/** Are brackets nested at most 128 deep? Counted without regard to strings, so it may refuse more than it must. */
function isShallow(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if ((code === 0x7d || code === 0x5d) && depth > 0) depth -= 1;
    if (depth > deepest) return false;
  }
  return true;
}

const failed = (errors: ReadingError[]): Reading & { ok: false } => ({ ok: false, errors });
