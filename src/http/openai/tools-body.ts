import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { Tool, ToolChoice, Tools } from "../../plan/tool.ts";
import { askedTools } from "../asked-tools.ts";

const functionBody = z.object({
  name: z.string().min(1),
  description: z.string().max(20_000).nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

/** A tool: of Chat Completions with its function apart, of Responses in one. Types that Atomic cannot hand on are told so. */
const toolBody = z.union([
  z.object({ type: z.literal("function"), function: functionBody }),
  z.object({ type: z.literal("function"), ...functionBody.shape }),
  z.object({ type: z.string() }),
]);

export const toolsBody = z.array(toolBody).max(1000).nullish();
/** Read by `toolsOf`: clients send more forms than one would list. */
export const toolChoiceBody = z.unknown().optional();

/** What a body of either API says of tools, in our words; undefined: it offers none. Throws what cannot be done. */
export function toolsOf(body: {
  tools?: z.infer<typeof toolsBody>;
  tool_choice?: unknown;
  parallel_tool_calls?: boolean | null | undefined;
}): Tools | undefined {
  const allowed = allowedChoice.safeParse(body.tool_choice).data;
  const offered = allowedOf((body.tools ?? []).map(toolOf), allowed);
  const choice = allowed === undefined ? choiceOf(body.tool_choice) : allowed.mode;
  return askedTools(offered, choice, body.parallel_tool_calls ?? true);
}

function toolOf(body: z.infer<typeof toolBody>, i: number): Tool {
  const given = "function" in body ? body.function : "name" in body ? body : null;
  if (given === null && body.type === "function")
    throw refused(`tools[${i}]`, "A function needs a name, and parameters that are a JSON Schema, if it has any.");
  if (given === null)
    throw refused(
      `tools[${i}].type`,
      `Atomic has no tool "${body.type.slice(0, 40)}": it runs none itself, and hands calls of your functions on to you. Send tools of type "function".`,
    );
  return {
    name: given.name,
    description: given.description ?? "",
    parameters: given.parameters ?? { type: "object", properties: {} },
    ...(given.strict === true ? { strict: true as const } : {}),
  };
}

const namedChoice = z.union([
  z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
  z.object({ type: z.literal("function"), name: z.string() }),
]);
const nameIn = (named: z.infer<typeof namedChoice>): string => ("function" in named ? named.function.name : named.name);

const allowedTools = z.object({ mode: z.enum(["auto", "required"]), tools: z.array(namedChoice).min(1).max(1000) });
const allowedType = z.literal("allowed_tools");
/** Some of the tools: of Chat Completions apart, of Responses in one. */
const allowedChoice = z.union([
  z.object({ type: allowedType, allowed_tools: allowedTools }).transform((choice) => choice.allowed_tools),
  z.object({ type: allowedType, ...allowedTools.shape }),
]);

/** Tools that may not be called now are not offered: few models have a word for that. */
function allowedOf(offered: Tool[], allowed: z.infer<typeof allowedTools> | undefined): Tool[] {
  const names = allowed?.tools.map(nameIn) ?? [];
  const unknown = names.find((name) => !offered.some((tool) => tool.name === name));
  if (unknown !== undefined)
    throw refused(
      "tool_choice",
      `No tool is named "${unknown.slice(0, 64)}". Offer it in "tools", or do not allow it.`,
    );
  return allowed === undefined ? offered : offered.filter(({ name }) => names.includes(name));
}

function choiceOf(choice: unknown): ToolChoice {
  if (choice === undefined || choice === null) return "auto";
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  const named = namedChoice.safeParse(choice);
  if (!named.success)
    throw refused(
      "tool_choice",
      'A choice of tools is "auto", "none", "required", one function by its name, or "allowed_tools" with a mode and functions by their names.',
    );
  return { name: nameIn(named.data) };
}

const refused = (field: string, message: string): AtomicError => new AtomicError("invalid-request", message, { field });
