import { z } from "zod";
import type { JobRequest } from "../../plan/job-request.ts";
import { atomicExtension } from "../atomic-extension.ts";
import { clientEffort, effortOf } from "../client-effort.ts";
import { completionRequest, looseMetadata, outputTokensBody, schemaBody, schemaOfMode } from "../completion-request.ts";
import { mostTurns, penaltyBody, seedBody, stopBody, topPBody } from "../native/field-bodies.ts";
import { refuseUnserved } from "../unserved.ts";
import { messageBody, messagesOf } from "./message-body.ts";
import { toolChoiceBody, toolsBody, toolsOf } from "./tools-body.ts";
import { chatUnserved, chatUnservedShape } from "./unserved.ts";

/** The fields that mean something here; others of OpenAI's are ignored, as clients expect. */
export const chatBody = z.object({
  model: z.string().min(1),
  messages: z.array(messageBody).min(1).max(mostTurns),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({ type: z.literal("json_schema"), json_schema: z.object({ schema: schemaBody }) }),
    ])
    .nullish(),
  max_tokens: outputTokensBody,
  max_completion_tokens: outputTokensBody,
  temperature: z.number().min(0).max(2).nullish(),
  stop: z.union([z.string().min(1).max(200), stopBody, z.tuple([])]).nullish(),
  top_p: topPBody.nullish(),
  seed: seedBody.nullish(),
  frequency_penalty: penaltyBody.nullish(),
  presence_penalty: penaltyBody.nullish(),
  reasoning_effort: clientEffort,
  ...chatUnservedShape,
  tools: toolsBody,
  tool_choice: toolChoiceBody,
  parallel_tool_calls: z.boolean().nullish(),
  metadata: looseMetadata,
  atomic: atomicExtension.optional(),
});
export type ChatBody = z.infer<typeof chatBody>;

/** The job that a chat completion is: one microtask, its text live unless there is something to check. */
export function chatRequest(body: ChatBody): JobRequest {
  refuseUnserved(body, chatUnserved);
  const format = body.response_format;
  return completionRequest({
    model: body.model,
    messages: messagesOf(
      body.messages.map((message, at) => ({ body: message, at })),
      "messages",
      "tool_call_id",
    ),
    schema: format?.type === "json_schema" ? format.json_schema.schema : schemaOfMode(format?.type),
    instruction: undefined,
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    seed: body.seed,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    stop: typeof body.stop === "string" ? [body.stop] : body.stop?.length ? body.stop : undefined,
    effort: effortOf(body.reasoning_effort),
    metadata: body.metadata,
    tools: toolsOf(body),
    extension: body.atomic ?? {},
    streams: body.stream === true,
  });
}
