import type { JsonSchema } from "../plan/contract.ts";

/**
 * How a schema is written in the prompt, for every model: also those that are given it as a parameter, since many
 * endpoints take the parameter and do not heed it.
 */
export function schemaPrompt(schema: JsonSchema): string {
  return [
    "Answer with one JSON value and nothing else: no explanation, no code fence.",
    "It must be valid against this JSON Schema:",
    JSON.stringify(schema),
  ].join("\n");
}
