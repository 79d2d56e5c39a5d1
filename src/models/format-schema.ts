import type { JsonSchema } from "../plan/contract.ts";

/** The schema where a provider's structured output can take it: the dialects want an object at the root. */
export function formatSchemaOf(schema: JsonSchema | null): { [key: string]: unknown } | null {
  return schema !== null && typeof schema === "object" && schema.type === "object" ? schema : null;
}

/**
 * Does the schema keep the rules of OpenAI's strict mode (every object closed, every property required)? Strict mode
 * refuses others with a 400; without it the schema is a strong hint.
 */
export function isStrictSchema(schema: unknown, depth = 0): boolean {
  if (depth > 10) return false;
  if (schema === null || typeof schema !== "object") return false;
  const node = schema as Record<string, unknown>;
  if ("oneOf" in node || "allOf" in node || "not" in node || "patternProperties" in node || "if" in node) return false;
  const isObject = node.type === "object" || "properties" in node;
  if (isObject) {
    const properties = node.properties;
    if (node.additionalProperties !== false || properties === null || typeof properties !== "object") return false;
    const required = new Set(Array.isArray(node.required) ? node.required : []);
    for (const [name, property] of Object.entries(properties)) {
      if (!required.has(name) || !isStrictSchema(property, depth + 1)) return false;
    }
  }
  if (node.type === "array" && !isStrictSchema(node.items, depth + 1)) return false;
  if (Array.isArray(node.anyOf)) return node.anyOf.every((branch) => isStrictSchema(branch, depth + 1));
  return isObject || "type" in node || "enum" in node || "const" in node || "$ref" in node;
}
