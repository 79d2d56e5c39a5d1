import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { atomicExtension } from "../atomic-extension.ts";
import { clientEffort, clientThinking, effortOfThinking } from "../client-effort.ts";
import { completionRequest, outputTokens, schemaBody } from "../completion-request.ts";
import { mostTurns, stopBody, topPBody } from "../native/field-bodies.ts";
import { refuseUnserved } from "../unserved.ts";
import { systemBody, turnBody } from "./blocks-body.ts";
import { toolChoiceBody, toolsBody, toolsOf } from "./tools-body.ts";
import { messagesOf } from "./turns.ts";
import { messagesUnserved, messagesUnservedShape } from "./unserved.ts";

const formatBody = z.object({ type: z.literal("json_schema"), schema: schemaBody }).nullish();

/** What is counted as it is asked. */
export const countBody = z.object({
  model: z.string().min(1),
  messages: z.array(turnBody).min(1).max(mostTurns),
  system: systemBody.nullish(),
  tools: toolsBody,
  tool_choice: toolChoiceBody,
  output_config: z.object({ format: formatBody, effort: clientEffort }).nullish(),
  thinking: clientThinking,
  /** As it was called before. */
  output_format: formatBody,
  ...messagesUnservedShape,
  atomic: atomicExtension.optional(),
});

/** The fields that mean something here; others of Anthropic's are ignored, as clients expect. */
export const messagesBody = countBody.extend({
  max_tokens: outputTokens,
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: topPBody.nullish(),
  stop_sequences: z.union([stopBody, z.tuple([])]).nullish(),
  metadata: z
    .object({ user_id: z.string().max(512).nullish() })
    .nullish()
    .catch(null),
});
export type MessagesBody = z.infer<typeof messagesBody>;

/** The job that a message is: one microtask, its text live unless there is something to check. `marked`: see `marksTurns`. */
export function messagesRequest(body: MessagesBody, marked: boolean): JobRequest {
  if (body.messages.at(-1)?.role === "assistant")
    throw new AtomicError(
      "invalid-request",
      'Atomic goes on from no text of yours: bidders differ in what they make of it. End with a turn of role "user".',
      { field: `messages[${body.messages.length - 1}].role` },
    );
  const { user_id: user } = body.metadata ?? {};
  const atomic = marked ? { prompt_cache: true, ...body.atomic } : body.atomic;
  return request(
    { ...body, atomic },
    {
      maxOutputTokens: body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      stop: body.stop_sequences?.length ? body.stop_sequences : undefined,
      metadata: user == null ? undefined : { user_id: user },
      streams: body.stream === true,
    },
  );
}

/** The same where only what is asked matters. */
export const countedRequest = (body: z.infer<typeof countBody>): JobRequest =>
  request(body, {
    maxOutputTokens: undefined,
    temperature: undefined,
    topP: undefined,
    stop: undefined,
    metadata: undefined,
    streams: false,
  });

type Terms = Pick<
  Parameters<typeof completionRequest>[0],
  "maxOutputTokens" | "temperature" | "topP" | "stop" | "metadata" | "streams"
>;

function request(body: z.infer<typeof countBody>, terms: Terms): JobRequest {
  refuseUnserved(body, messagesUnserved);
  return completionRequest({
    ...terms,
    model: body.model,
    messages: messagesOf(body.messages, body.system),
    schema: (body.output_config?.format ?? body.output_format)?.schema,
    instruction: undefined,
    effort: effortOfThinking(body.thinking, body.output_config?.effort),
    tools: toolsOf(body),
    extension: body.atomic ?? {},
  });
}

/** Where the parts of a job stand in a body. */
export const placesIn = (body: z.infer<typeof countBody>) =>
  ({
    schema: body.output_config?.format == null ? "output_format.schema" : "output_config.format.schema",
    messages: "messages",
    tool: "",
    parameters: "input_schema",
  }) as const;
