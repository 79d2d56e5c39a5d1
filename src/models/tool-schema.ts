import type { Tool } from "../plan/tool.ts";
import { isStrictSchema } from "./format-schema.ts";

/**
 * A tool's parameters as the dialects take them, an object schema, and whether to ask for strict mode: only where the
 * tool does and its schema keeps that mode's rules. Providers refuse others with a 400; arguments are validated anyway.
 */
export function toolSchemaOf({ parameters, strict }: Tool): { schema: { [key: string]: unknown }; strict: boolean } {
  const schema = { type: "object", properties: {}, ...(typeof parameters === "object" ? parameters : {}) };
  return { schema, strict: strict === true && isStrictSchema(schema) };
}
