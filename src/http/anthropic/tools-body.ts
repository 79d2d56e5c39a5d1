import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { Tool, ToolChoice, Tools } from "../../plan/tool.ts";
import { askedTools } from "../asked-tools.ts";
import { type ToolBody, type TurnBody, toolBody } from "./blocks-body.ts";

export const toolsBody = z.array(toolBody).max(1000).nullish();

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
export const toolChoiceBody = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("auto"), ...parallel }),
    z.object({ type: z.literal("any"), ...parallel }),
    z.object({ type: z.literal("tool"), name: z.string(), ...parallel }),
    z.object({ type: z.literal("none"), ...parallel }),
  ])
  .nullish();

/** What a body says of tools, in our words; undefined: it offers none. Throws what cannot be done. */
export function toolsOf(body: {
  tools?: ToolBody[] | null | undefined;
  tool_choice?: z.infer<typeof toolChoiceBody>;
  messages: readonly TurnBody[];
}): Tools | undefined {
  const choice = body.tool_choice;
  return askedTools(offeredNow(body.tools ?? [], body.messages), choiceOf(choice), !choice?.disable_parallel_tool_use);
}

function choiceOf(choice: z.infer<typeof toolChoiceBody>): ToolChoice {
  if (choice == null) return "auto";
  if (choice.type === "tool") return { name: choice.name };
  return choice.type === "any" ? "required" : choice.type;
}

/** A tool that is deferred is offered once the conversation has found it; there it may also be defined, and taken away. */
function offeredNow(given: readonly ToolBody[], turns: readonly TurnBody[]): Tool[] {
  const offered = given.map((body, i) => ({ tool: toolOf(body, `tools[${i}]`), now: !isDeferred(body) }));
  const turn = (name: string, now: boolean) => {
    for (const one of offered) if (one.tool.name === name) one.now = now;
  };
  for (const [i, { content }] of turns.entries()) {
    if (typeof content === "string") continue;
    for (const [k, block] of content.entries()) {
      if ("tool_use_id" in block && Array.isArray(block.content))
        for (const part of block.content) if ("tool_name" in part) turn(part.tool_name, true);
      if (!("tool" in block)) continue;
      const { tool } = block;
      if (tool.type === "tool_reference") turn(tool.name, block.type === "tool_addition");
      else offered.push({ tool: toolOf(tool.definition, `messages[${i}].content[${k}].tool.definition`), now: true });
    }
  }
  return offered.filter(({ now }) => now).map(({ tool }) => tool);
}

const isDeferred = (body: ToolBody): boolean => "defer_loading" in body && body.defer_loading === true;

function toolOf(body: ToolBody, place: string): Tool {
  if (!("input_schema" in body))
    throw new AtomicError(
      "invalid-request",
      `Atomic has no tool "${String(body.type).slice(0, 40)}": it runs none itself, and hands calls of your functions on to you. Send tools with an "input_schema".`,
      { field: `${place}.type` },
    );
  return {
    name: body.name,
    description: body.description ?? "",
    parameters: body.input_schema,
    ...(body.strict === true ? { strict: true as const } : {}),
  };
}
