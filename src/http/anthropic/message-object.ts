import type { Usage } from "../../money/price.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { factsOf } from "../answer-facts.ts";
import type { FinishedAnswer } from "../answer-parts.ts";

/** What a message says of itself before there is anything in it. */
export interface MessageHead {
  job: string;
  /** As the client calls it. */
  model: string;
}

/** Anthropic's Message without an end: what a stream begins with. What it used is known at its end. */
export const openMessage = ({ job, model }: MessageHead) => ({
  id: `msg_${job}`,
  type: "message",
  role: "assistant",
  model,
  content: [] as object[],
  stop_reason: null as string | null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  usage: usageOf({ input: 0, output: 0 }),
});

export const doneMessage = (head: MessageHead, answer: FinishedAnswer): object => ({
  ...openMessage(head),
  content: [
    ...(answer.text === "" ? [] : [textBlock(answer.text)]),
    ...answer.calls.map((call) => callBlock(call, JSON.parse(call.arguments))),
  ],
  ...endOf(answer),
  usage: usageOf(answer.usage),
  atomic: factsOf(answer),
});

export const textBlock = (text: string): object => ({ type: "text", text, citations: null });

export const callBlock = ({ id, name }: ToolCall, input: unknown): object => ({
  type: "tool_use",
  id,
  name,
  input,
  caller: { type: "direct" },
});

/**
 * Anthropic's word for an end; one that it has no word for is told as the provider told it, and never as "end_turn".
 * Few wires tell which sequence ended a text, or that one did.
 */
export const endOf = ({ finish, finishSaid, calls }: FinishedAnswer) => ({
  stop_reason: calls.length > 0 ? "tool_use" : (finishSaid ?? reasons[finish] ?? finish),
  stop_sequence: null,
});

const reasons: Partial<Record<FinishedAnswer["finish"], string>> = {
  stop: "end_turn",
  length: "max_tokens",
  "content-filter": "refusal",
};

/** What was read from a cache, and what was written to one, are not among Anthropic's `input_tokens`. */
export const usageOf = ({ input, output, cachedInput = 0, cacheWrite = 0, reasoning = 0 }: Omit<Usage, "source">) => ({
  input_tokens: Math.max(0, input - cachedInput - cacheWrite),
  cache_creation_input_tokens: cacheWrite,
  cache_read_input_tokens: cachedInput,
  output_tokens: output,
  output_tokens_details: { thinking_tokens: reasoning },
});
