import { dereference, format, type OutputUnit, type Schema, type SchemaDraft, validate } from "@cfworker/json-schema";
import type { JsonSchema } from "../plan/contract.ts";
import { isRecord, subschemas } from "./schema-keywords.ts";
import { compileSchemaPattern, type PatternTest } from "./schema-pattern.ts";

/** One thing that is wrong with a value: a JSON Pointer ("" is the whole) and a sentence. */
export interface ReadingError {
  path: string;
  message: string;
}

const mostErrors = 16;
/** Subschema evaluations in one reading (about 2 us each): a schema may branch, an answer nest, and both multiply. */
const mostSteps = 250_000;
const tooManySteps = "the answer takes too many steps to check";
/** `uniqueItems` compares every pair. */
const longestUnique = 2_000;

/** Evaluations done so far; one budget is shared by all validations of a reading. */
export interface StepBudget {
  steps: number;
}

export const isSpent = (budget: StepBudget): boolean => budget.steps > mostSteps;

export interface PreparedSchema {
  ok: true;
  /** The copy that is evaluated; positions correspond to the original. */
  root: JsonSchema;
  /** Errors of `value` under the schema (or under one of its own subschemas); empty: valid. Never throws. */
  errors(value: unknown, schema?: JsonSchema, budget?: StepBudget): ReadingError[];
  /** What `$ref` of this subschema (of the original or of the copy) points at, in the copy. */
  resolve(schema: object): JsonSchema | undefined;
}

const known = new WeakMap<object, PreparedSchema | { ok: false; why: string }>();

/** A schema made ready for many validations; remembered by identity. `why`: a reference that leads nowhere. */
export function prepareSchema(schema: JsonSchema): PreparedSchema | { ok: false; why: string } {
  if (typeof schema === "boolean") return prepare(schema);
  const before = known.get(schema);
  if (before !== undefined) return before;
  const prepared = prepare(schema);
  known.set(schema, prepared);
  return prepared;
}

function prepare(original: JsonSchema): PreparedSchema | { ok: false; why: string } {
  const patterns: Record<string, PatternTest> = {};
  const twins = new Map<object, object>();
  const active: { budget: StepBudget } = { budget: { steps: 0 } };
  const root = copy(original, patterns, twins, active);
  let lookup: Record<string, JsonSchema>;
  try {
    lookup = isRecord(root) ? dereference(root) : {};
  } catch {
    return { ok: false, why: "an $id or $ref of the schema is not a URI, or is used twice" };
  }
  for (const twin of twins.values()) {
    const uri: unknown = isRecord(twin) ? twin.__absolute_ref__ : undefined;
    if (typeof uri === "string" && lookup[uri] === undefined) {
      return {
        ok: false,
        why: `$ref ${String(isRecord(twin) ? twin.$ref : "").slice(0, 80)} leads out of the schema; put it under $defs`,
      };
    }
  }
  const draft = draftOf(original);
  const unique = JSON.stringify(original).includes('"uniqueItems":true');
  const errors = (value: unknown, schema: JsonSchema = root, budget: StepBudget = { steps: 0 }): ReadingError[] => {
    if (isSpent(budget)) return [{ path: "", message: tooManySteps }];
    if (unique && longestArray(value) > longestUnique) {
      return [{ path: "", message: `a list of more than ${longestUnique} items is not checked for unique items` }];
    }
    active.budget = budget;
    const formats = format as Record<string, (text: string) => boolean>;
    try {
      for (const [name, test] of Object.entries(patterns)) formats[name] = (text) => test(text) === true;
      return readable(validate(value, schema as Schema, draft, lookup, false).errors);
    } catch (problem) {
      const why = isSpent(budget) ? tooManySteps : `the schema cannot be applied (${String(problem).slice(0, 80)})`;
      return [{ path: "", message: why }];
    } finally {
      for (const name of Object.keys(patterns)) delete formats[name];
    }
  };
  const resolve = (schema: object): JsonSchema | undefined => {
    const twin = twins.get(schema) ?? schema;
    const uri: unknown = isRecord(twin) ? twin.__absolute_ref__ : undefined;
    return typeof uri === "string" ? lookup[uri] : undefined;
  };
  return { ok: true, root, errors, resolve };
}

/**
 * A deep copy for the validator, which writes into schemas. Patterns become formats, because the validator would run
 * them on a backtracking engine; and each subschema counts its evaluations through a keyword that no draft here uses.
 */
function copy(
  schema: JsonSchema,
  patterns: Record<string, PatternTest>,
  twins: Map<object, object>,
  active: { budget: StepBudget },
): JsonSchema {
  if (typeof schema === "boolean") return schema;
  const twin = JSON.parse(JSON.stringify(schema)) as { [key: string]: unknown };
  link(schema, twin, patterns, twins, active);
  return twin;
}

function link(
  schema: JsonSchema,
  twin: { [key: string]: unknown },
  patterns: Record<string, PatternTest>,
  twins: Map<object, object>,
  active: { budget: StepBudget },
): void {
  if (typeof schema === "boolean") return;
  twins.set(schema, twin);
  const below = [...subschemas(twin)];
  for (const [index, sub] of [...subschemas(schema)].entries()) {
    const other = below[index]?.schema;
    if (other !== undefined && typeof other !== "boolean") link(sub.schema, other, patterns, twins, active);
  }
  if (typeof twin.pattern === "string") {
    const test = compileSchemaPattern(twin.pattern);
    const name = `pattern ${twin.pattern}`;
    patterns[name] = typeof test === "string" ? () => null : test;
    const formats = [{ format: name }];
    twin.allOf = Array.isArray(twin.allOf) ? [...twin.allOf, ...formats] : formats;
    delete twin.pattern;
  }
  // A format nobody knows says nothing; the validator would find what any object inherits ("constructor").
  if (typeof twin.format === "string" && !Object.hasOwn(format, twin.format)) delete twin.format;
  Object.defineProperty(twin, "$recursiveAnchor", {
    enumerable: false,
    get() {
      active.budget.steps += 1;
      if (isSpent(active.budget)) throw new RangeError("too many steps");
      return undefined;
    },
  });
}

function draftOf(schema: JsonSchema): SchemaDraft {
  const named = isRecord(schema) && typeof schema.$schema === "string" ? schema.$schema : "";
  if (named.includes("draft-04")) return "4";
  return /draft-0[67]/.test(named) ? "7" : "2020-12";
}

const wrappers = new Set([
  "properties",
  "patternProperties",
  "items",
  "prefixItems",
  "$ref",
  "allOf",
  "if",
  "additionalProperties",
  "additionalItems",
  "unevaluatedProperties",
  "dependentSchemas",
  "contains",
]);

/** The validator's units as errors a model or a person can act on: innermost first come, wrappers left out. */
function readable(units: OutputUnit[]): ReadingError[] {
  const inner = units.filter((unit) => !wrappers.has(unit.keyword));
  const errors: ReadingError[] = [];
  const seen = new Set<string>();
  for (const unit of inner.length > 0 ? inner : units) {
    // The validator writes a pointer as a part of a URI; a model knows its key as it wrote it.
    const path = decodeURI(unit.instanceLocation.replace(/^#/, "").replaceAll("%23", "#")).slice(0, 200);
    const message = (
      unit.keyword === "false" ? "this is not allowed here" : unit.error.replace(/format "pattern /, 'pattern "')
    ).slice(0, 200);
    const key = `${path} ${message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    errors.push({ path, message });
    if (errors.length === mostErrors) break;
  }
  return errors;
}

function longestArray(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let longest = Array.isArray(value) ? value.length : 0;
  for (const part of Object.values(value)) longest = Math.max(longest, longestArray(part));
  return longest;
}
