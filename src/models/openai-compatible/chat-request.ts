import type { ModelCall } from "../../race/model-port.ts";
import type { Endpoint, Target } from "../endpoint.ts";
import { formatSchemaOf, isStrictSchema } from "../format-schema.ts";
import { chatMessage } from "./chat-message.ts";
import { chatTools } from "./chat-tools.ts";

/** Body of POST /chat/completions. `max_tokens` is always sent: without it some servers write until their context ends. */
export function chatRequest(call: ModelCall, { bidder, endpoint }: Target): Record<string, unknown> {
  const body: Record<string, unknown> = {
    model: endpoint.model,
    messages: messagesOf(call, endpoint),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: call.maxOutputTokens + (endpoint.reasoningTokens ?? 0),
    seed: call.sampling?.seed ?? call.seed >>> 1,
  };
  const { topP, frequencyPenalty, presencePenalty } = call.sampling ?? {};
  if (call.temperature !== null) body.temperature = call.temperature;
  if (topP !== undefined) body.top_p = topP;
  if (frequencyPenalty !== undefined) body.frequency_penalty = frequencyPenalty;
  if (presencePenalty !== undefined) body.presence_penalty = presencePenalty;
  if (call.stop !== undefined) body.stop = call.stop;
  if (endpoint.reasoning) body.reasoning_effort = endpoint.reasoning;
  if (call.tools) Object.assign(body, chatTools(call.tools));
  const schema = formatSchemaOf(call.schema);
  // Not beside tools: vLLM and llama.cpp would hold calls to the answer's grammar, Groq refuses. The prompt has it.
  if (schema && bidder.structuredOutput && !call.tools) {
    body.response_format = {
      type: "json_schema",
      json_schema: { name: "answer", schema, strict: isStrictSchema(schema) },
    };
  }
  if (call.continues && endpoint.prefixMark === "continue-final-message") {
    body.add_generation_prompt = false;
    body.continue_final_message = true;
  }
  for (const field of endpoint.omit ?? []) delete body[field];
  return body;
}

function messagesOf(call: ModelCall, { prefixMark }: Endpoint): object[] {
  const messages = call.messages.map(chatMessage);
  if (!call.continues || prefixMark !== "prefix") return messages;
  return messages.map((message, at) => (at === messages.length - 1 ? { ...message, prefix: true } : message));
}
