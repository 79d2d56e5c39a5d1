import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import type { BidderListing } from "../ports.ts";
import { atomicExtension } from "./atomic-extension.ts";
import { completionRequest, looseMetadata, outputTokensBody, schemaBody, schemaOfMode } from "./completion-request.ts";
import { type MessageBody, messageBody, messagesOf } from "./message-body.ts";

/** A turn, or an item of another type (a tool's call or result, reasoning), told apart by `type`. */
const inputItem = z.union([
  z.object({ ...messageBody.shape, type: z.literal("message").optional() }),
  z.object({ type: z.string(), output: z.unknown().optional() }),
]);

export const responsesBody = z.object({
  model: z.string().min(1),
  input: z.union([z.string().min(1), z.array(inputItem).min(1).max(500)]),
  instructions: z.string().max(20_000).nullish(),
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
  metadata: looseMetadata,
  tool_choice: z.unknown().optional(),
  previous_response_id: z.string().nullish(),
  atomic: atomicExtension.optional(),
});
export type ResponsesBody = z.infer<typeof responsesBody>;

export const schemaField = "text.format.schema";

/** The job that a response is. One in the background may be streamed later, so its text is logged as it comes. */
export function responsesRequest(body: ResponsesBody, bidders: BidderListing[]): JobRequest {
  if (typeof body.previous_response_id === "string")
    throw new AtomicError("invalid-request", 'Atomic keeps no conversations. Send the earlier turns in "input".', {
      field: "previous_response_id",
    });
  const format = body.text?.format;
  const items = typeof body.input === "string" ? [{ role: "user" as const, content: body.input }] : body.input;
  return completionRequest(
    {
      model: body.model,
      messages: messagesOf(items.flatMap(turnOf), "input"),
      schema: format?.type === "json_schema" ? format.schema : schemaOfMode(format?.type),
      instruction: body.instructions ?? undefined,
      maxOutputTokens: body.max_output_tokens,
      temperature: body.temperature,
      metadata: body.metadata,
      toolChoice: body.tool_choice,
      extension: body.atomic ?? {},
      streams: body.stream === true || body.background === true,
    },
    bidders,
  );
}

function turnOf(item: z.infer<typeof inputItem>, i: number): MessageBody[] {
  if ("role" in item) return [item];
  if (item.type === "function_call_output")
    return [
      { role: "tool", content: typeof item.output === "string" ? item.output : JSON.stringify(item.output ?? null) },
    ];
  // What a model thought or called earlier says nothing that its turns do not.
  if (item.type === "reasoning" || item.type === "function_call") return [];
  throw new AtomicError(
    "invalid-request",
    `Atomic cannot read an item of type "${item.type.slice(0, 40)}". Send its text as a message.`,
    {
      field: `input[${i}].type`,
    },
  );
}
