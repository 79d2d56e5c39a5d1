/** Where the parts of a body that all foreign dialects have stand in one of them. */
export interface Places {
  schema: string;
  messages: "messages" | "input";
  /** Between a tool's index and its own fields. */
  tool: "" | ".function";
  /** A tool's schema. */
  parameters: "parameters" | "input_schema";
}

/** Where a native field stands in a foreign dialect. */
export function clientField(field: string | undefined, places: Places): string | undefined {
  if (field === undefined) return undefined;
  if (field === "kind") return "model";
  if (field === "toolChoice") return "tool_choice";
  if (field === "messages") return places.messages;
  if (field.startsWith("tools"))
    return field.replace("].", `]${places.tool}.`).replace(".parameters", `.${places.parameters}`);
  if (field.startsWith("contract.schema")) return places.schema + field.slice("contract.schema".length);
  if (field.startsWith("contract.")) return `atomic.${field.slice("contract.".length)}`;
  return `atomic.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
