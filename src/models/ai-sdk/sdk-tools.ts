import type { JSONSchema7 } from "ai";
import type { Tools } from "../../plan/tool.ts";
import { toolSchemaOf } from "../tool-schema.ts";
import type { CallOptions } from "./language-model.ts";

/** Offered tools as call options of the SDK. A choice of "auto" is each provider's default and left out. */
export function sdkTools({ offered, choice }: Tools): Pick<CallOptions, "tools" | "toolChoice"> {
  if (offered.length === 0) return {};
  return {
    tools: offered.map((tool) => {
      const { schema, strict } = toolSchemaOf(tool);
      const { name, description } = tool;
      return {
        type: "function" as const,
        name,
        description,
        inputSchema: schema as JSONSchema7,
        ...(strict ? { strict } : {}),
      };
    }),
    ...(choice === "auto" ? {} : { toolChoice: choiceOf(choice) }),
  };
}

const choiceOf = (choice: Exclude<Tools["choice"], "auto">) =>
  typeof choice === "string" ? { type: choice } : { type: "tool" as const, toolName: choice.name };
