import type { Usage } from "../../money/price.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { factsOf } from "../answer-facts.ts";
import type { FinishedAnswer } from "../answer-parts.ts";

/** OpenAI's word for an end; one that it has no word for is told as the provider told it, and never as "stop". */
const reasonOf = ({ finish, finishSaid, calls }: FinishedAnswer): string =>
  calls.length > 0 ? "tool_calls" : (finishSaid ?? (finish === "content-filter" ? "content_filter" : finish));

/** Calls as a whole completion has them; a stream's delta numbers each. */
const chatCalls = (calls: readonly ToolCall[]): object[] =>
  calls.map(({ id, name, arguments: written }) => ({ id, type: "function", function: { name, arguments: written } }));

/** All calls of an answer as one delta: half a call is of no use to anybody, so they come when they are whole and fit. */
export const callsDelta = (calls: readonly ToolCall[]): object => ({
  tool_calls: chatCalls(calls).map((call, index) => ({ index, ...call })),
});

/** What one completion's chunks have in common. */
export interface ChatHead {
  job: string;
  model: string;
  createdAtMs: number;
}

const headOf = (head: ChatHead, object: string) => ({
  id: `chatcmpl-${head.job}`,
  object,
  created: Math.floor(head.createdAtMs / 1000),
  model: head.model,
});

/** One streamed chunk. With `usageFollows` every chunk but the last carries `usage: null`. */
export const chatChunk = (head: ChatHead, delta: object, finish: string | null, usageFollows: boolean): object => ({
  ...headOf(head, "chat.completion.chunk"),
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  ...(usageFollows ? { usage: null } : {}),
});

/** The chunk that tells how it ended; what Atomic adds rides on it. */
export const finalChunk = (head: ChatHead, answer: FinishedAnswer, usageFollows: boolean): object => ({
  ...chatChunk(head, {}, reasonOf(answer), usageFollows),
  atomic: factsOf(answer),
});

export const usageChunk = (head: ChatHead, answer: FinishedAnswer): object => ({
  ...headOf(head, "chat.completion.chunk"),
  choices: [],
  usage: usageOf(answer),
});

export const completion = (head: ChatHead, answer: FinishedAnswer): object => ({
  ...headOf(head, "chat.completion"),
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: answer.text === "" && answer.calls.length > 0 ? null : answer.text,
        refusal: null,
        ...(answer.calls.length === 0 ? {} : { tool_calls: chatCalls(answer.calls) }),
      },
      logprobs: null,
      finish_reason: reasonOf(answer),
    },
  ],
  usage: usageOf(answer),
  atomic: factsOf(answer),
});

/** What a provider's cache gave and took, in the words of both of OpenAI's APIs. */
export const cacheDetails = ({ cachedInput = 0, cacheWrite }: Usage) => ({
  cached_tokens: cachedInput,
  ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
});

const usageOf = ({ usage }: FinishedAnswer) => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: cacheDetails(usage),
  completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
});
