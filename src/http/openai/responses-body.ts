import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { atomicExtension } from "../atomic-extension.ts";
import { clientEffort, effortOf } from "../client-effort.ts";
import { completionRequest, looseMetadata, outputTokensBody, schemaBody, schemaOfMode } from "../completion-request.ts";
import { mostTurns, topPBody } from "../native/field-bodies.ts";
import { refuseUnserved } from "../unserved.ts";
import { type MessageBody, messageBody, messagesOf, type Turn } from "./message-body.ts";
import { toolChoiceBody, toolsBody, toolsOf } from "./tools-body.ts";
import { responsesUnserved, responsesUnservedShape } from "./unserved.ts";

/** A turn, or an item of another type (a tool's call or result, reasoning), told apart by `type`. */
const inputItem = z.union([
  z.object({ ...messageBody.shape, type: z.literal("message").optional() }),
  z.object({
    type: z.literal("function_call"),
    call_id: z.string().min(1).max(200),
    name: z.string().min(1).max(64),
    arguments: z.string().max(1_000_000),
  }),
  z.object({ type: z.literal("function_call_output"), call_id: z.string().min(1).max(200), output: z.unknown() }),
  // A message that is none is told what is wrong with it.
  z.object({ type: z.string().refine((type) => type !== "message", { abort: true }) }),
]);
type InputItem = z.infer<typeof inputItem>;

export const responsesBody = z.object({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(inputItem).min(1).max(mostTurns)]),
  /** As long as a system message may be: agents send theirs here. */
  instructions: z.string().max(1_000_000).nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  text: z
    .object({
      format: z
        .discriminatedUnion("type", [
          z.object({ type: z.literal("text") }),
          z.object({ type: z.literal("json_object") }),
          z.object({ type: z.literal("json_schema"), schema: schemaBody }),
        ])
        .nullish(),
    })
    .nullish(),
  max_output_tokens: outputTokensBody,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: topPBody.nullish(),
  reasoning: z.object({ effort: clientEffort }).nullish(),
  metadata: looseMetadata,
  tools: toolsBody,
  tool_choice: toolChoiceBody,
  parallel_tool_calls: z.boolean().nullish(),
  ...responsesUnservedShape,
  atomic: atomicExtension.optional(),
});
export type ResponsesBody = z.infer<typeof responsesBody>;

export const places = { schema: "text.format.schema", messages: "input", tool: "", parameters: "parameters" } as const;

/** The job that a response is. One in the background may be streamed later, so its text is logged as it comes. */
export function responsesRequest(body: ResponsesBody): JobRequest {
  refuseUnserved(body, responsesUnserved);
  const format = body.text?.format;
  const items = typeof body.input === "string" ? [{ role: "user" as const, content: body.input }] : body.input;
  return completionRequest({
    model: body.model,
    messages: messagesOf(turnsOf(items), "input", "call_id"),
    schema: format?.type === "json_schema" ? format.schema : schemaOfMode(format?.type),
    instruction: body.instructions ?? undefined,
    maxOutputTokens: body.max_output_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    effort: effortOf(body.reasoning?.effort),
    metadata: body.metadata,
    tools: toolsOf(body),
    extension: body.atomic ?? {},
    streams: body.stream === true || body.background === true,
  });
}

/** Calls that follow each other, and the text before them, are one turn, as chat models know it. */
function turnsOf(items: readonly InputItem[]): Turn[] {
  const turns: Turn[] = [];
  let asking: MessageBody | null = null;
  for (const [at, item] of items.entries()) {
    const body = turnOf(item, at);
    if (body === null) continue;
    if (asking !== null && body.tool_calls != null)
      asking.tool_calls = [...(asking.tool_calls ?? []), ...body.tool_calls];
    else turns.push({ body, at });
    if (body.role !== "assistant") asking = null;
    else if (asking === null || body.tool_calls == null) asking = body;
  }
  return turns;
}

/** An item as a chat message; null: it says nothing that turns do not. */
function turnOf(item: InputItem, i: number): MessageBody | null {
  if ("role" in item) return { ...item };
  if ("name" in item) {
    const { call_id: id, name, arguments: written } = item;
    return { role: "assistant", content: "", tool_calls: [{ id, function: { name, arguments: written } }] };
  }
  if ("call_id" in item) return { role: "tool", content: outputOf(item.output), tool_call_id: item.call_id };
  // What a model thought earlier.
  if (item.type === "reasoning") return null;
  const needs = item.type.startsWith("function_call") ? " without its call_id, name and arguments, or output" : "";
  throw new AtomicError(
    "invalid-request",
    `Atomic cannot read an item of type "${item.type.slice(0, 40)}"${needs}. Send its text as a message.`,
    {
      field: `input[${i}].type`,
    },
  );
}

/** A tool's result: a text, or parts of one; anything else as its JSON. */
function outputOf(output: unknown): string {
  if (typeof output === "string") return output;
  const parts = z.array(z.object({ type: z.literal("input_text"), text: z.string() })).safeParse(output);
  return parts.success ? parts.data.map(({ text }) => text).join("\n") : JSON.stringify(output ?? null);
}
