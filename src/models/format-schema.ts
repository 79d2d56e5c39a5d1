import type { JsonSchema } from "../plan/contract.ts";

/** The schema where a provider's structured output can take it: the dialects want an object at the root. */
export function formatSchemaOf(schema: JsonSchema | null): { [key: string]: unknown } | null {
  return schema !== null && typeof schema === "object" && schema.type === "object" ? schema : null;
}

/** Keywords of OpenAI's strict mode. Lengths of strings are none of them, nor is what combines schemas but for anyOf. */
const strictKeywords = new Set(
  (
    "$schema $defs definitions $ref title description type enum const anyOf properties required additionalProperties " +
    "items minItems maxItems pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"
  ).split(" "),
);
const strictFormats = new Set(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]);

/**
 * Does the schema keep the rules of OpenAI's strict mode (its keywords alone, every object closed, every property
 * required)? Strict mode refuses others with a 400; without it the schema is a strong hint.
 */
export function isStrictSchema(schema: unknown, depth = 0): boolean {
  if (depth > 10 || !isNode(schema)) return false;
  const strict = (inner: unknown): boolean => isStrictSchema(inner, depth + 1);
  const { $ref, type, properties, anyOf, format } = schema;
  if (!Object.keys(schema).every((keyword) => strictKeywords.has(keyword))) return false;
  if (format !== undefined && !strictFormats.has(String(format))) return false;
  for (const defined of [schema.$defs, schema.definitions])
    if (defined !== undefined && !(isNode(defined) && Object.values(defined).every(strict))) return false;
  // A reference stands alone, and what it names is looked at where it is defined.
  if ($ref !== undefined) return depth > 0 && Object.keys(schema).length === 1 && String($ref).startsWith("#");
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.includes("object") || properties !== undefined) {
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    if (schema.additionalProperties !== false || !isNode(properties)) return false;
    if (!Object.entries(properties).every(([name, property]) => required.has(name) && strict(property))) return false;
  }
  if ((types.includes("array") || "items" in schema) && !strict(schema.items)) return false;
  if (anyOf !== undefined) return depth > 0 && Array.isArray(anyOf) && anyOf.every(strict);
  return type !== undefined || "enum" in schema || "const" in schema;
}

const isNode = (value: unknown): value is { [keyword: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
