import type { TokenCounts } from "./script.ts";

/** How one provider's wire says a thing. Frames are whole server-sent events, blank line included. */
export interface Dialect {
  name: "openai" | "anthropic" | "google";
  open(model: string): string[];
  piece(text: string): string;
  reasoning(text: string): string;
  refusal(text: string): string[];
  finish(reason: "stop" | "length" | "content_filter", usage: TokenCounts | null): string[];
  /** The end marker after `finish`, where the dialect has one. */
  end: string | null;
  error(): string;
  whole(model: string, text: string, reason: "stop" | "length", usage: TokenCounts | null): unknown;
  failure(status: number, code: string): unknown;
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const event = (type: string, value: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`;

const chunk = (delta: object, finish: string | null = null) =>
  data({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const openaiUsage = (usage: TokenCounts) => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
});

export const openai: Dialect = {
  name: "openai",
  open: () => [chunk({ role: "assistant", content: "" })],
  piece: (text) => chunk({ content: text }),
  reasoning: (text) => chunk({ reasoning_content: text }),
  refusal: (text) => [chunk({ refusal: text }), chunk({}, "stop")],
  finish: (reason, usage) => [
    chunk({}, reason),
    ...(usage
      ? [
          data({
            id: "chatcmpl-1",
            object: "chat.completion.chunk",
            created: 1,
            model: "scripted",
            choices: [],
            usage: openaiUsage(usage),
          }),
        ]
      : []),
  ],
  end: "data: [DONE]\n\n",
  error: () => data({ error: { message: "The server had an error", type: "server_error", param: null, code: null } }),
  whole: (model, text, reason, usage) => ({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model,
    choices: [
      { index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: reason },
    ],
    ...(usage ? { usage: openaiUsage(usage) } : {}),
  }),
  failure: (status, code) => ({ error: { message: `scripted ${status}`, type: "scripted_error", param: null, code } }),
};

const anthropicUsage = (usage: TokenCounts) => ({
  input_tokens: usage.input - (usage.cached ?? 0),
  cache_read_input_tokens: usage.cached ?? 0,
  output_tokens: usage.output,
});
const anthropicReason = { stop: "end_turn", length: "max_tokens", content_filter: "refusal" } as const;

export const anthropic: Dialect = {
  name: "anthropic",
  open: (model) => [
    event("message_start", {
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 0, output_tokens: 0 },
      },
    }),
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  ],
  piece: (text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  reasoning: () => event("ping", {}),
  refusal: () => anthropic.finish("content_filter", { input: 1, output: 1 }),
  finish: (reason, usage) => [
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: anthropicReason[reason], stop_sequence: null },
      usage: usage ? anthropicUsage(usage) : { output_tokens: 0 },
    }),
  ],
  end: event("message_stop", {}),
  error: () => event("error", { error: { type: "overloaded_error", message: "Overloaded" } }),
  whole: (model, text, reason, usage) => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text }],
    stop_reason: anthropicReason[reason],
    stop_sequence: null,
    usage: anthropicUsage(usage ?? { input: 0, output: 0 }),
  }),
  failure: (status, code) => ({ type: "error", error: { type: code, message: `scripted ${status}` } }),
};

const googleReason = { stop: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" } as const;
const googleUsage = (usage: TokenCounts) => ({
  promptTokenCount: usage.input,
  candidatesTokenCount: usage.output - (usage.reasoning ?? 0),
  totalTokenCount: usage.input + usage.output,
  cachedContentTokenCount: usage.cached ?? 0,
  thoughtsTokenCount: usage.reasoning ?? 0,
});
const candidate = (parts: object[], extra: object = {}, rest: object = {}) =>
  data({ candidates: [{ index: 0, content: { role: "model", parts }, ...extra }], ...rest });

export const google: Dialect = {
  name: "google",
  open: () => [],
  piece: (text) => candidate([{ text }]),
  reasoning: (text) => candidate([{ text, thought: true }]),
  refusal: () => google.finish("content_filter", null),
  finish: (reason, usage) => [
    candidate(
      [{ text: "" }],
      { finishReason: googleReason[reason] },
      usage ? { usageMetadata: googleUsage(usage) } : {},
    ),
  ],
  end: null,
  error: () => data({ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } }),
  whole: (_model, text, reason, usage) => ({
    candidates: [{ index: 0, content: { role: "model", parts: [{ text }] }, finishReason: googleReason[reason] }],
    ...(usage ? { usageMetadata: googleUsage(usage) } : {}),
  }),
  failure: (status, code) => ({ error: { code: status, message: `scripted ${status}`, status: code } }),
};
