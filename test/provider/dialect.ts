import type { CallForm, TokenCounts } from "./script.ts";

/** A call on its way: its number in the answer from 0, and its arguments in pieces. */
export interface CallInPieces {
  at: number;
  id: string | null;
  name: string | null;
  pieces: string[];
}

export type Reason = "stop" | "length" | "content_filter" | "tool_calls";

/** How one provider's wire says a thing. Frames are whole server-sent events, blank line included. */
export interface Dialect {
  name: "openai" | "anthropic" | "google";
  open(model: string): string[];
  piece(text: string): string;
  /** The frames of one call of a tool. */
  call(call: CallInPieces, forms: readonly CallForm[]): string[];
  reasoning(text: string): string;
  refusal(text: string): string[];
  finish(reason: Reason, usage: TokenCounts | null): string[];
  /** The end marker after `finish`, where the dialect has one. */
  end: string | null;
  error(): string;
  whole(model: string, text: string, calls: CallInPieces[], reason: Reason, usage: TokenCounts | null): unknown;
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
  prompt_tokens_details: { cached_tokens: usage.cached ?? 0, cache_write_tokens: usage.written ?? 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  ...(usage.neurons === undefined ? {} : { neurons: usage.neurons }),
});

export const openai: Dialect = {
  name: "openai",
  open: () => [chunk({ role: "assistant", content: "" })],
  piece: (text) => chunk({ content: text }),
  call: ({ at, id, name, pieces }, forms) => {
    const is = (form: CallForm) => forms.includes(form);
    const index = is("without-index") ? {} : { index: is("all-at-0") ? 0 : at };
    const begin = { ...(id === null ? {} : { id }), type: "function" };
    const named = name === null ? {} : { name };
    const say = (head: object, said: object) => chunk({ tool_calls: [{ ...index, ...head, function: said }] });
    if (is("whole"))
      return pieces.map((text) => say(begin, { ...named, arguments: is("object") ? JSON.parse(text) : text }));
    const again = is("named-again");
    return [
      say(begin, { ...named, arguments: "" }),
      ...pieces.map((text) => say(again ? begin : {}, { ...(again ? named : {}), arguments: text })),
    ];
  },
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
  whole: (model, text, calls, reason, usage) => ({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && calls.length > 0 ? null : text,
          refusal: null,
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ id, name, pieces }) => ({
                  ...(id === null ? {} : { id }),
                  type: "function",
                  function: { name, arguments: pieces.join("") },
                })),
              }),
        },
        logprobs: null,
        finish_reason: reason,
      },
    ],
    ...(usage ? { usage: openaiUsage(usage) } : {}),
  }),
  failure: (status, code) => ({ error: { message: `scripted ${status}`, type: "scripted_error", param: null, code } }),
};

const anthropicUsage = (usage: TokenCounts) => ({
  input_tokens: usage.input - (usage.cached ?? 0) - (usage.written ?? 0),
  cache_read_input_tokens: usage.cached ?? 0,
  cache_creation_input_tokens: usage.written ?? 0,
  output_tokens: usage.output,
});
const anthropicReason = {
  stop: "end_turn",
  length: "max_tokens",
  content_filter: "refusal",
  tool_calls: "tool_use",
} as const;
/** Arguments as the dialects have them that send the object; what does not parse was cut and has none. */
const inputOf = ({ pieces }: CallInPieces): unknown => {
  try {
    return JSON.parse(pieces.join(""));
  } catch {
    return {};
  }
};

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
  call: ({ at, id, name, pieces }) => [
    event("content_block_start", { index: at + 1, content_block: { type: "tool_use", id, name, input: {} } }),
    ...pieces.map((text) =>
      event("content_block_delta", { index: at + 1, delta: { type: "input_json_delta", partial_json: text } }),
    ),
    event("content_block_stop", { index: at + 1 }),
  ],
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
  whole: (model, text, calls, reason, usage) => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [
      { type: "text", text },
      ...calls.map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: inputOf(call) })),
    ],
    stop_reason: anthropicReason[reason],
    stop_sequence: null,
    usage: anthropicUsage(usage ?? { input: 0, output: 0 }),
  }),
  failure: (status, code) => ({ type: "error", error: { type: code, message: `scripted ${status}` } }),
};

const googleReason = { stop: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY", tool_calls: "STOP" } as const;
const googleUsage = (usage: TokenCounts) => ({
  promptTokenCount: usage.input,
  candidatesTokenCount: usage.output - (usage.reasoning ?? 0),
  totalTokenCount: usage.input + usage.output,
  cachedContentTokenCount: usage.cached ?? 0,
  thoughtsTokenCount: usage.reasoning ?? 0,
});
const candidate = (parts: object[], extra: object = {}, rest: object = {}) =>
  data({ candidates: [{ index: 0, content: { role: "model", parts }, ...extra }], ...rest });

const functionCall = (call: CallInPieces) => ({
  functionCall: { ...(call.id === null ? {} : { id: call.id }), name: call.name, args: inputOf(call) },
});

export const google: Dialect = {
  name: "google",
  open: () => [],
  piece: (text) => candidate([{ text }]),
  call: (call) => [candidate([functionCall(call)])],
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
  whole: (_model, text, calls, reason, usage) => ({
    candidates: [
      {
        index: 0,
        content: { role: "model", parts: [{ text }, ...calls.map(functionCall)] },
        finishReason: googleReason[reason],
      },
    ],
    ...(usage ? { usageMetadata: googleUsage(usage) } : {}),
  }),
  failure: (status, code) => ({ error: { code: status, message: `scripted ${status}`, status: code } }),
};
