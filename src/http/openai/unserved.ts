import { z } from "zod";
import { given, isFull, type Unserved } from "../unserved.ts";

const isMore = (value: unknown): boolean => typeof value === "number" && value > 0;

const logprobs = "Several models may answer, and their log probabilities do not compare.";

export const chatUnserved: Unserved[] = [
  {
    field: "n",
    asks: (n) => given(n) && n !== 1,
    says: 'Atomic gives one choice. Leave "n" out; the market runs several models by itself.',
  },
  { field: "logprobs", asks: (value) => value === true, says: `${logprobs} Leave "logprobs" out.` },
  { field: "top_logprobs", asks: isMore, says: `${logprobs} Leave "top_logprobs" out.` },
  {
    field: "logit_bias",
    asks: isFull,
    says: 'Tokens have other numbers in each model. Leave "logit_bias" out; "atomic.criteria" can say what may not occur.',
  },
  {
    field: "modalities",
    asks: (value) => Array.isArray(value) && value.some((one) => one !== "text"),
    says: 'Atomic answers with text. Leave "modalities" out.',
  },
  {
    field: "web_search_options",
    asks: given,
    says: 'Atomic searches no web. Leave "web_search_options" out, or offer a search of yours in "tools".',
  },
  {
    field: "functions",
    asks: isFull,
    says: 'Atomic knows functions as "tools": send them there, as {"type": "function", "function": ...}.',
  },
  {
    field: "function_call",
    asks: (value) => given(value) && value !== "none" && value !== "auto",
    says: 'Atomic knows "function_call" as "tool_choice", and functions as "tools".',
  },
];

const conversations = 'Atomic keeps no conversations. Send the earlier turns in "input".';

export const responsesUnserved: Unserved[] = [
  { field: "previous_response_id", asks: given, says: conversations },
  { field: "conversation", asks: given, says: conversations },
  { field: "prompt", asks: given, says: 'Atomic keeps no prompts. Send the text in "instructions" and "input".' },
  { field: "top_logprobs", asks: isMore, says: `${logprobs} Leave "top_logprobs" out.` },
];

/** As fields of a body: what they hold is looked at by `refuseUnserved` alone. */
export const chatUnservedShape = {
  n: z.int().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  modalities: z.array(z.string()).nullish(),
  web_search_options: z.unknown().optional(),
  functions: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
};
export const responsesUnservedShape = {
  previous_response_id: z.string().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  top_logprobs: z.int().nullish(),
};
