import type { Tools } from "../../plan/tool.ts";
import { toolSchemaOf } from "../tool-schema.ts";

/** The fields by which a request offers tools. What is the dialect's default is left out: not every server knows it. */
export function chatTools({ offered, choice, parallel }: Tools): Record<string, unknown> {
  if (offered.length === 0) return {};
  return {
    tools: offered.map((tool) => {
      const { schema, strict } = toolSchemaOf(tool);
      const { name, description } = tool;
      return { type: "function", function: { name, description, parameters: schema, ...(strict ? { strict } : {}) } };
    }),
    ...(choice === "auto" ? {} : { tool_choice: choiceOf(choice) }),
    ...(parallel ? {} : { parallel_tool_calls: false }),
  };
}

const choiceOf = (choice: Exclude<Tools["choice"], "auto">) =>
  typeof choice === "string" ? choice : { type: "function", function: { name: choice.name } };
