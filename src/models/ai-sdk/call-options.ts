import type { JSONSchema7 } from "ai";
import type { ModelCall } from "../../race/model-port.ts";
import type { Endpoint, Target } from "../endpoint.ts";
import { formatSchemaOf, isStrictSchema } from "../format-schema.ts";
import { billsCacheWrites, type CacheMarks } from "../prompt-cache.ts";
import type { CallOptions } from "./language-model.ts";
import { sdkPrompt } from "./sdk-prompt.ts";
import { sdkTools } from "./sdk-tools.ts";

/** One call as options of the SDK's models; `abortSignal` ends its request. */
export function callOptions(
  call: ModelCall,
  { bidder, endpoint }: Target,
  marks: CacheMarks,
  abortSignal: AbortSignal,
): CallOptions {
  // Of these only OpenAI takes a schema beside tools. The prompt has it in words.
  const schema =
    bidder.structuredOutput && (!call.tools || endpoint.type === "openai") ? formatSchemaOf(call.schema) : null;
  const reasoning = reasoningOf(call, endpoint);
  const { seed = call.seed >>> 1, ...sampling } = call.sampling ?? {};
  const oneCall = call.tools?.parallel === false;
  return {
    prompt: marked(sdkPrompt(call.messages), marks),
    ...(call.tools ? sdkTools(call.tools) : {}),
    maxOutputTokens: call.maxOutputTokens + (endpoint.reasoningTokens ?? 0),
    ...(call.temperature === null ? {} : { temperature: call.temperature }),
    ...(call.stop === undefined ? {} : { stopSequences: call.stop }),
    ...sampling,
    ...(endpoint.type === "anthropic" ? {} : { seed }),
    ...(reasoning ? { reasoning } : {}),
    ...(schema ? { responseFormat: { type: "json" as const, name: "answer", schema: schema as JSONSchema7 } } : {}),
    providerOptions: {
      openai: {
        strictJsonSchema: isStrictSchema(schema),
        store: false,
        // By itself it would cache, and bill, all of a prompt that comes once.
        ...(billsCacheWrites(endpoint) && !marks.end ? { promptCacheOptions: { mode: "explicit" } } : {}),
        ...(oneCall ? { parallelToolCalls: false } : {}),
      },
      ...(oneCall ? { anthropic: { disableParallelToolUse: true } } : {}),
    },
    abortSignal,
  };
}

/** The prompt with what its provider is to cache said on it; OpenAI finds the end of a prompt by itself. */
function marked(prompt: CallOptions["prompt"], { head, end }: CacheMarks): CallOptions["prompt"] {
  const lastSystem = prompt.findLastIndex(({ role }) => role === "system");
  return prompt.map((message, i) => {
    const isHead = head && i === lastSystem;
    // An empty text cannot be marked.
    const isEnd = end && i === prompt.length - 1 && !isEmpty(message);
    if (!isHead && !isEnd) return message;
    return {
      ...message,
      providerOptions: {
        anthropic: { cacheControl: { type: "ephemeral" } },
        ...(isHead ? { openai: { promptCacheBreakpoint: { mode: "explicit" } } } : {}),
      },
    };
  });
}

const isEmpty = ({ content }: CallOptions["prompt"][number]): boolean => {
  const last = typeof content === "string" ? content : content.at(-1);
  return last === undefined || last === "" || (typeof last === "object" && last.type === "text" && last.text === "");
};

/**
 * The effort to ask for. "none" becomes the least a model can do, where it cannot do without. OpenAI's chat completions
 * refuse function tools beside any other (gpt-5.2 to 5.6). Anthropic wants the thinking before a call back with the
 * call's result, which other bidders' calls have not, and takes no forced call from a model that thinks on a budget.
 */
function reasoningOf({ tools, messages, continues }: ModelCall, { type, reasoning }: Endpoint): Endpoint["reasoning"] {
  if (type === "openai" && reasoning && tools) return "none";
  if (type !== "anthropic" || !reasoning) return reasoning;
  // Anthropic refuses a given beginning together with thinking.
  if (continues) return undefined;
  const forced = tools !== undefined && tools.choice !== "auto" && tools.choice !== "none";
  return forced || messages.at(-1)?.role === "tool" ? "none" : reasoning;
}
