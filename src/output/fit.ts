import type { JsonSchema } from "../plan/contract.ts";
import { foldText } from "./fold-case.ts";
import { isExact, parseJson } from "./parse-json.ts";
import { isRecord } from "./schema-keywords.ts";
import { isSpent, type PreparedSchema, type StepBudget } from "./validator.ts";

const deepest = 64;

/** What fitting reads, and the steps it shares with the validations of the same reading. */
export interface Fitting {
  prepared: PreparedSchema;
  budget: StepBudget;
}

/**
 * Mends what a model got nearly right, led by the schema: numbers and booleans written as strings, a value wrapped in
 * a list (or a list left out), JSON inside a string, unknown keys, null for an optional key, case of an enum member.
 * Names each mend in `repairs`. The result still has to be validated.
 */
export function fitToSchema(
  value: unknown,
  schema: JsonSchema,
  fitting: Fitting,
  repairs: Set<string>,
  depth = 0,
): unknown {
  fitting.budget.steps += 1;
  if (typeof schema === "boolean" || depth > deepest || isSpent(fitting.budget)) return value;
  const target = fitting.prepared.resolve(schema);
  if (target !== undefined) return fitToSchema(value, target, fitting, repairs, depth + 1);
  const branches = branchesOf(schema);
  if (branches !== null) return fitToBranch(value, schema, branches, fitting, repairs, depth);
  let fitted = fitToType(value, schema, fitting, repairs, depth);
  for (const part of Array.isArray(schema.allOf) ? schema.allOf : [])
    fitted = fitToSchema(fitted, part, fitting, repairs, depth + 1);
  if (isRecord(fitted) && (isRecord(schema.properties) || schema.additionalProperties === false))
    return fitObject(fitted, schema, fitting, repairs, depth);
  if (Array.isArray(fitted))
    return fitted.map((item, index) => fitToSchema(item, itemSchema(schema, index), fitting, repairs, depth + 1));
  return fitEnum(fitted, schema, repairs);
}

function branchesOf(schema: { [key: string]: unknown }): JsonSchema[] | null {
  const branches = schema.anyOf ?? schema.oneOf;
  return Array.isArray(branches) ? branches : null;
}

/** The branch under which the whole value becomes valid with most of it kept, unmended first; none: the value as it is. */
function fitToBranch(
  value: unknown,
  schema: { [key: string]: unknown },
  branches: JsonSchema[],
  fitting: Fitting,
  repairs: Set<string>,
  depth: number,
): unknown {
  if (fitting.prepared.errors(value, schema, fitting.budget).length === 0) return value;
  let best: { fitted: unknown; mends: Set<string>; kept: number } | null = null;
  for (const branch of branches.slice(0, 16)) {
    const mends = new Set<string>();
    const fitted = fitToSchema(value, branch, fitting, mends, depth + 1);
    if (fitting.prepared.errors(fitted, schema, fitting.budget).length > 0) continue;
    const kept = mends.has(dropped) ? keysOf(fitted) : Number.POSITIVE_INFINITY;
    if (best === null || kept > best.kept) best = { fitted, mends, kept };
    if (kept === Number.POSITIVE_INFINITY) break;
  }
  if (best === null) return value;
  for (const mend of best.mends) repairs.add(mend);
  return best.fitted;
}

const dropped = "extra-key-dropped";

/** Keys of a value and of all in it. */
function keysOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts: unknown[] = Object.values(value);
  return (Array.isArray(value) ? 0 : parts.length) + parts.reduce<number>((sum, part) => sum + keysOf(part), 0);
}

function fitToType(
  value: unknown,
  schema: { [key: string]: unknown },
  fitting: Fitting,
  repairs: Set<string>,
  depth: number,
): unknown {
  const types = typesOf(schema);
  if (types === null || types.includes(typeOf(value)) || (types.includes("number") && typeof value === "number"))
    return value;
  if (typeof value === "string") {
    const inner = fitString(value, types, repairs);
    if (inner !== undefined) return inner;
  }
  if (typeof value === "number" && types.includes("string")) {
    repairs.add("string-from-number");
    return String(value);
  }
  if (types.includes("array") && value !== null) {
    const item = fitToSchema(value, itemSchema(schema, 0), fitting, repairs, depth + 1);
    repairs.add("list-added");
    return [item];
  }
  if (Array.isArray(value) && value.length === 1) {
    repairs.add("list-removed");
    return fitToType(value[0], schema, fitting, repairs, depth + 1);
  }
  return value;
}

function fitString(text: string, types: readonly string[], repairs: Set<string>): unknown {
  const bare = text.trim();
  if (types.includes("number") || types.includes("integer")) {
    const plain = /^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(bare) ? bare.replaceAll(",", "") : bare;
    if (/^[-+]?\d{1,300}(?:\.\d{1,300})?(?:[eE][-+]?\d{1,3})?$/.test(plain)) {
      // A number that would not be what was written is none.
      if (!isExact(plain, Number(plain))) return undefined;
      repairs.add("number-from-string");
      return Number(plain);
    }
  }
  if (types.includes("boolean") && /^(?:true|false)$/i.test(bare)) {
    repairs.add("boolean-from-string");
    return bare.toLowerCase() === "true";
  }
  if ((types.includes("object") && bare.startsWith("{")) || (types.includes("array") && bare.startsWith("["))) {
    try {
      const inner = parseJson(bare);
      repairs.add("double-encoded");
      return inner;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function fitObject(
  value: { [key: string]: unknown },
  schema: { [key: string]: unknown },
  fitting: Fitting,
  repairs: Set<string>,
  depth: number,
): unknown {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const patterned = isRecord(schema.patternProperties);
  const fitted: [string, unknown][] = [];
  for (const [name, part] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own === undefined) {
      if (schema.additionalProperties === false && !patterned) repairs.add(dropped);
      else fitted.push([name, part]);
      continue;
    }
    const child = own as JsonSchema;
    if (part === null && !required.includes(name) && fitting.prepared.errors(null, child, fitting.budget).length > 0) {
      repairs.add("null-dropped");
      continue;
    }
    fitted.push([name, fitToSchema(part, child, fitting, repairs, depth + 1)]);
  }
  return Object.fromEntries(fitted);
}

function fitEnum(value: unknown, schema: { [key: string]: unknown }, repairs: Set<string>): unknown {
  const members: unknown[] | null = Array.isArray(schema.enum)
    ? schema.enum
    : "const" in schema
      ? [schema.const]
      : null;
  if (members === null || typeof value !== "string" || members.includes(value)) return value;
  const wanted = foldText(value.trim());
  const alike = members.filter((member) => typeof member === "string" && foldText(member.trim()) === wanted);
  if (alike.length !== 1) return value;
  repairs.add("enum-case");
  return alike[0];
}

function itemSchema(schema: { [key: string]: unknown }, index: number): JsonSchema {
  const tuple: unknown = schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : undefined);
  const item: unknown =
    Array.isArray(tuple) && index < tuple.length
      ? tuple[index]
      : Array.isArray(schema.items)
        ? schema.additionalItems
        : schema.items;
  return isRecord(item) || typeof item === "boolean" ? item : true;
}

/** Can an object or a list be valid here? What is not understood may be. */
export function takesBracket(schema: JsonSchema, prepared: PreparedSchema, depth = 0): boolean {
  if (typeof schema === "boolean" || depth > deepest) return true;
  const target = prepared.resolve(schema);
  if (target !== undefined) return takesBracket(target, prepared, depth + 1);
  const branches = branchesOf(schema);
  if (branches !== null) return branches.some((branch) => takesBracket(branch, prepared, depth + 1));
  const types = typesOf(schema);
  if (types !== null) return types.includes("object") || types.includes("array");
  const members: unknown[] | null = Array.isArray(schema.enum) ? schema.enum : null;
  return members === null || members.some((member) => typeof member === "object" && member !== null);
}

/** Types a schema names; null: it names none, so any is right. */
function typesOf(schema: { [key: string]: unknown }): readonly string[] | null {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.map(String);
  return null;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
