import { AtomicError } from "../error.ts";
import type { Tool, ToolChoice, Tools } from "../plan/tool.ts";

/** What a foreign body says of tools; undefined: it offers none. Throws where it wants one called and none is there. */
export function askedTools(offered: Tool[], choice: ToolChoice, parallel: boolean): Tools | undefined {
  if (offered.length > 0) return { offered, choice, parallel };
  if (choice === "auto" || choice === "none") return undefined;
  throw new AtomicError(
    "invalid-request",
    'There is no tool to choose. Offer functions in "tools", or leave "tool_choice" out.',
    { field: "tool_choice" },
  );
}
