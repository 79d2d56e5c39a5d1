import type { JsonSchema } from "../plan/contract.ts";

/** Keywords of draft 7 and 2020-12 by the shape of their value; the schema walkers share this table. */
export const keywordShapes: { readonly [keyword: string]: Shape } = {
  additionalItems: "schema",
  additionalProperties: "schema",
  contains: "schema",
  else: "schema",
  if: "schema",
  items: "schema-or-list",
  not: "schema",
  propertyNames: "schema",
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: "schema",
  unevaluatedItems: "schema",
  unevaluatedProperties: "schema",
  allOf: "list",
  anyOf: "list",
  oneOf: "list",
  prefixItems: "list",
  $defs: "map",
  definitions: "map",
  properties: "map",
  patternProperties: "map",
  dependentSchemas: "map",
  dependencies: "map-or-names",
  dependentRequired: "names-map",
  required: "names",
  type: "type",
  enum: "array",
  maxLength: "count",
  minLength: "count",
  maxItems: "count",
  minItems: "count",
  maxProperties: "count",
  minProperties: "count",
  maxContains: "count",
  minContains: "count",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "positive",
  uniqueItems: "boolean",
  pattern: "string",
  format: "string",
  $ref: "string",
  $id: "string",
  $anchor: "string",
  $schema: "string",
  $comment: "string",
  title: "string",
  description: "string",
};

export type Shape =
  | "schema"
  | "schema-or-list"
  | "list"
  | "map"
  | "map-or-names"
  | "names-map"
  | "names"
  | "type"
  | "array"
  | "count"
  | "number"
  | "positive"
  | "boolean"
  | "string";

export const typeNames: readonly string[] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/** Keywords whose subschemas judge the same value, not a part of it. */
export const inPlaceKeywords: readonly string[] = [
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
];

export const isRecord = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isSchema = (value: unknown): value is JsonSchema => typeof value === "boolean" || isRecord(value);

/** The direct subschemas of a schema, each with its path below it ("properties.age"). */
export function* subschemas(schema: JsonSchema): Generator<{ keyword: string; path: string; schema: JsonSchema }> {
  if (typeof schema === "boolean") return;
  for (const [keyword, value] of Object.entries(schema)) {
    const shape = Object.hasOwn(keywordShapes, keyword) ? keywordShapes[keyword] : undefined;
    if ((shape === "schema" || shape === "schema-or-list") && isSchema(value))
      yield { keyword, path: keyword, schema: value };
    else if ((shape === "list" || shape === "schema-or-list") && Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (isSchema(item)) yield { keyword, path: `${keyword}[${index}]`, schema: item };
      }
    } else if ((shape === "map" || shape === "map-or-names") && isRecord(value)) {
      for (const [name, item] of Object.entries(value)) {
        if (isSchema(item)) yield { keyword, path: `${keyword}.${name}`, schema: item };
      }
    }
  }
}
