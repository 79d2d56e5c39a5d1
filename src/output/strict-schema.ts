import type { JsonSchema } from "../plan/contract.ts";
import { typesOf } from "./fit.ts";
import { isRecord, isSchema } from "./schema-keywords.ts";

/** Keywords that structured-output modes take as they are. */
const kept = [
  "type",
  "enum",
  "const",
  "description",
  "title",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
];
/** Keywords that change what is valid and that the strict subset cannot say. */
const impossible = [
  "oneOf",
  "allOf",
  "not",
  "if",
  "then",
  "else",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "patternProperties",
  "propertyNames",
  "unevaluatedProperties",
  "unevaluatedItems",
  "prefixItems",
  "contains",
  "additionalItems",
];
/** Caps of OpenAI's structured outputs: properties in all, levels. */
const mostProperties = 5_000;
const deepest = 10;

/**
 * The schema in the strict subset of structured-output modes: every property required, no others allowed, optional
 * ones nullable (the reader drops those nulls). null: it cannot be said there; prompt and reader must do.
 */
export function strictSchema(schema: JsonSchema): JsonSchema | null {
  if (!isRecord(schema) || typesOf(schema)?.join() !== "object" || "$ref" in schema) return null;
  const state = { properties: 0 };
  try {
    const strict = transform(schema, 0, state);
    for (const table of ["$defs", "definitions"]) {
      const defs = schema[table];
      if (!isRecord(defs)) continue;
      strict[table] = Object.fromEntries(Object.entries(defs).map(([name, sub]) => [name, transform(sub, 1, state)]));
    }
    return strict;
  } catch (problem) {
    if (problem === cannot) return null;
    throw problem;
  }
}

/** Thrown inside this file only, to leave the recursion. */
const cannot = new Error("not in the strict subset");

function transform(schema: unknown, depth: number, state: { properties: number }): { [key: string]: unknown } {
  if (!isSchema(schema) || typeof schema === "boolean" || depth > deepest) throw cannot;
  if (impossible.some((keyword) => keyword in schema)) throw cannot;
  if (typeof schema.$ref === "string") {
    if (!/^#\/(?:\$defs|definitions)\/[\w.-]+$|^#$/.test(schema.$ref)) throw cannot;
    return { $ref: schema.$ref };
  }
  const strict: { [key: string]: unknown } = {};
  for (const keyword of kept) if (keyword in schema) strict[keyword] = schema[keyword];
  if (Array.isArray(schema.anyOf)) {
    if (depth === 0) throw cannot;
    strict.anyOf = schema.anyOf.map((branch) => transform(branch, depth + 1, state));
    return strict;
  }
  const types = typesOf(schema);
  if (types === null && !("enum" in schema) && !("const" in schema)) throw cannot;
  if (types?.includes("object")) Object.assign(strict, closedObject(schema, depth, state));
  if (types?.includes("array")) strict.items = transform(schema.items, depth + 1, state);
  return strict;
}

function closedObject(
  schema: { [key: string]: unknown },
  depth: number,
  state: { properties: number },
): { [key: string]: unknown } {
  // An object that is meant to hold other keys would lose them.
  if (
    !isRecord(schema.properties) ||
    (schema.additionalProperties !== undefined && schema.additionalProperties !== false)
  )
    throw cannot;
  const names = Object.keys(schema.properties);
  state.properties += names.length;
  if (state.properties > mostProperties) throw cannot;
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  if (required.some((name) => !names.includes(String(name)))) throw cannot;
  const properties = Object.entries(schema.properties).map(([name, sub]): [string, unknown] => {
    const strict = transform(sub, depth + 1, state);
    return [name, required.includes(name) ? strict : nullable(strict)];
  });
  return { properties: Object.fromEntries(properties), required: names, additionalProperties: false };
}

function nullable(schema: { [key: string]: unknown }): { [key: string]: unknown } {
  const types = typesOf(schema);
  if (types?.includes("null")) return schema;
  if (types === null || "enum" in schema || "const" in schema) return { anyOf: [schema, { type: "null" }] };
  return { ...schema, type: [...types, "null"] };
}
