import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { JsonSchema } from "../../plan/contract.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { withInput } from "../native/job-request.ts";
import type { BidderListing } from "../ports.ts";
import { atomicExtension, nativeWords } from "./atomic-extension.ts";
import { messageBody, messagesOf } from "./message-body.ts";
import { resolveModel } from "./model-name.ts";

export const schemaBody = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
export const outputTokensBody = z.int().min(1).max(131_072).nullish();
/** Metadata of clients that send more than strings is not worth a refusal. */
export const looseMetadata = z.record(z.string().max(64), z.string().max(512)).nullish().catch(null);

/** The fields that mean something here; others of OpenAI's are ignored, as clients expect. */
export const chatBody = z.object({
  model: z.string().min(1),
  messages: z.array(messageBody).min(1).max(500),
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
  n: z.int().nullish(),
  tool_choice: z.unknown().optional(),
  metadata: looseMetadata,
  atomic: atomicExtension.optional(),
});
export type ChatBody = z.infer<typeof chatBody>;

/** The job that a chat completion is: one microtask, its text live unless there is something to check. */
export function chatRequest(body: ChatBody, bidders: BidderListing[]): JobRequest {
  if (body.n !== null && body.n !== undefined && body.n !== 1)
    throw new AtomicError(
      "invalid-request",
      'Atomic gives one choice. Leave "n" out; the market runs several models by itself.',
      {
        field: "n",
      },
    );
  refuseForcedTool(body.tool_choice);
  const model = resolveModel(body.model, bidders);
  const extension = body.atomic ?? {};
  const format = body.response_format;
  const schema: JsonSchema | undefined =
    format?.type === "json_schema"
      ? format.json_schema.schema
      : format?.type === "json_object"
        ? { type: "object" }
        : undefined;
  const native = nativeWords(extension);
  const request = withInput(
    {
      ...native,
      policy: native.policy ?? model.policy,
      bidders: model.bidders,
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      temperature: body.temperature ?? undefined,
      metadata: body.metadata ?? undefined,
      contract: {
        ...(schema === undefined ? {} : { schema }),
        criteria: extension.criteria ?? [],
        judged: extension.judged ?? [],
      },
    },
    { type: "messages", messages: messagesOf(body.messages, "messages") },
  );
  return { ...request, leaderChange: leaderChangeOf(request, body.stream === true, extension.leader_change) };
}

/** OpenAI's stream cannot take text back, so there a job whose text was sent fails rather than starts over. */
export const leaderChangeOf = (
  request: JobRequest,
  streams: boolean,
  asked: JobRequest["leaderChange"] | undefined,
): JobRequest["leaderChange"] => asked ?? (streams && request.delivery === "live" ? "fail" : "restart");

/** Atomic calls no tools: an answer without a call is fine under "auto", but not where the client relies on one. */
export function refuseForcedTool(choice: unknown): void {
  if (choice === "required" || (typeof choice === "object" && choice !== null))
    throw new AtomicError(
      "invalid-request",
      'Atomic does not call tools. Leave "tool_choice" out, or ask for JSON by a schema.',
      {
        field: "tool_choice",
      },
    );
}
