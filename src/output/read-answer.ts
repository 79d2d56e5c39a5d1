import { jsonrepair } from "jsonrepair";
import type { JsonSchema } from "../plan/contract.ts";
import { type Candidate, findCandidates, isOpen } from "./candidates.ts";
import { type Fitting, fitToSchema, takesBracket } from "./fit.ts";
import { parseJson, parseLiterally } from "./parse-json.ts";
import type { Reading } from "./reader.ts";
import { prepareSchema, type ReadingError } from "./validator.ts";

const longestText = 10_000_000;
/** Repair is not proved linear, so it is tried on texts up to this length only. */
const longestRepaired = 500_000;
const deepest = 128;

/** How a text came to its end. `cut`: perhaps before its JSON did, so what never closes is not closed for it. */
export interface TextEnd {
  cut: boolean;
}

/**
 * What a model's text is as a value of the schema: the JSON is found among fences and prose, parsed, repaired where
 * it is broken, fitted where it is nearly right, and validated. Of several objects that are valid as they stand the
 * last counts: what comes before is thought aloud. Never throws; texts over 10 MB are an error.
 */
export function readAnswer(text: string, schema: JsonSchema, { cut }: TextEnd = { cut: false }): Reading {
  if (text.length > longestText)
    return failed([{ path: "", message: "the answer is longer than 10,000,000 characters" }]);
  const prepared = prepareSchema(schema);
  if (!prepared.ok) return failed([{ path: "", message: prepared.why }]);
  const fitting: Fitting = { prepared, budget: { steps: 0 } };
  const candidates = findCandidates(text, takesBracket(prepared.root, prepared));
  const [whole, ...parts] = candidates;
  for (const { text: json, repairs } of [...(whole === undefined ? [] : [whole]), ...parts.sort(lastObjectFirst)]) {
    const value = parsed(json);
    if (value !== undefined && isValid(value, fitting)) return { ok: true, value, repairs };
  }
  let errors: ReadingError[] | null = null;
  let open = false;
  for (const isRepaired of [false, true]) {
    for (const candidate of candidates) {
      if (isRepaired && !isRepairable(candidate.text)) continue;
      if (isRepaired && cut && isOpen(candidate.text)) {
        open = true;
        continue;
      }
      const json = isRepaired ? repaired(candidate.text) : candidate.text;
      const mended = json === candidate.text ? candidate.repairs : [...candidate.repairs, "json-repaired"];
      const reading = json === null ? null : fitted(json, mended, fitting);
      // A bracket in prose that only mending makes a text or a number was a footnote.
      const isFootnote =
        candidate.repairs.includes("prose-removed") && reading?.ok && typeof reading.value !== "object";
      if (reading?.ok && !isFootnote) return reading;
      errors ??= reading?.ok === false ? reading.errors : null;
    }
  }
  // An object that does not fit, or was cut off, is no text, though a schema without a type takes any.
  const isMeant = whole !== undefined && (whole.text.startsWith("{") || parsed(whole.text) !== undefined || open);
  const bare = isMeant && takesBracket(prepared.root, prepared) ? null : readBare(whole, fitting);
  if (bare !== null) return bare;
  if (errors !== null) return failed(errors);
  if (open) return failed([{ path: "", message: "the answer was cut off before its JSON ended" }]);
  return failed([{ path: "", message: text.trim() === "" ? "the answer is empty" : "the answer holds no JSON" }]);
}

/** Objects from the last to the first, then what is left in its order. */
function lastObjectFirst(a: Candidate, b: Candidate): number {
  const rank = ({ text }: Candidate): number => (text.startsWith("{") ? 0 : 1);
  return rank(a) - rank(b) || (rank(a) === 0 ? b.at - a.at : 0);
}

const isValid = (value: unknown, { prepared, budget }: Fitting): boolean =>
  prepared.errors(value, prepared.root, budget).length === 0;

/** JSON as a valid value, mended where it is nearly right; null: it is no JSON. */
function fitted(json: string, repairs: string[], fitting: Fitting): Reading | null {
  const value = parsed(json);
  if (value === undefined) return null;
  const { prepared, budget } = fitting;
  const errors = prepared.errors(value, prepared.root, budget);
  if (errors.length === 0) return { ok: true, value, repairs };
  const reading = fittedValue(value, repairs, fitting);
  if (reading === null) return failed(errors);
  // Where a number became a text it is the text that was written: 1.10 is "1.10".
  const literal = reading.repairs.includes("string-from-number") ? parseLiterally(json) : null;
  if (literal === null) return reading;
  return fittedValue(literal, repairs, fitting) ?? failed(errors);
}

function fittedValue(value: unknown, repairs: string[], fitting: Fitting): (Reading & { ok: true }) | null {
  const mends = new Set(repairs);
  const fit = fitToSchema(value, fitting.prepared.root, fitting, mends);
  return isValid(fit, fitting) ? { ok: true, value: fit, repairs: [...mends] } : null;
}

/** undefined: it is no JSON, or nests too deep. */
function parsed(json: string): unknown {
  if (!isShallow(json)) return undefined;
  try {
    return parseJson(json);
  } catch {
    return undefined;
  }
}

/** Without a bracket, repair would make a string of any prose. */
const isRepairable = (text: string): boolean =>
  text.length <= longestRepaired && /^[[{"']|^(?:True|False|None)$/.test(text) && isShallow(text);

function repaired(text: string): string | null {
  try {
    return withApostrophes(text, jsonrepair(text));
  } catch {
    return null;
  }
}

/** jsonrepair takes an apostrophe within single quotes for a quote: O'Neil would be O"Neil. null: it is not known which it was. */
function withApostrophes(text: string, json: string): string | null {
  let quotes = 0;
  const apostrophes = json.replace(/\\(["\\])/g, (whole, char) => {
    if (char !== '"') return whole;
    quotes += 1;
    return "'";
  });
  if (quotes < text.split('"').length) return json;
  return /["`\u2018\u2019\u00b4]/.test(text) ? null : apostrophes;
}

/** A bare word or sentence, where the schema takes a string (an enum member, free text). */
function readBare(candidate: Candidate | undefined, fitting: Fitting): Reading | null {
  if (candidate === undefined || candidate.text === "" || candidate.text.length > longestRepaired) return null;
  const repairs = [...candidate.repairs, "bare-text"];
  if (isValid(candidate.text, fitting)) return { ok: true, value: candidate.text, repairs };
  const reading = fittedValue(candidate.text, repairs, fitting);
  return reading !== null && typeof reading.value !== "object" ? reading : null;
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
