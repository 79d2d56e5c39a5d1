import type { AbortSignalLike, ModelCall, ModelPart } from "../../race/model-port.ts";
import { type BuildModel, streamLanguageModel } from "../ai-sdk/stream-language-model.ts";
import type { Target } from "../endpoint.ts";

/**
 * OpenAI through `@ai-sdk/openai`, chat completions: the SDK knows which models want `max_completion_tokens` and take
 * no temperature. Loaded on first use, for the Worker's start-up time.
 */
export function streamOpenAI(target: Target, call: ModelCall, signal: AbortSignalLike): AsyncIterable<ModelPart> {
  return streamLanguageModel(build, target, call, signal);
}

const build: BuildModel = async (wire, { endpoint, apiKey }) => {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const provider = createOpenAI({
    apiKey: apiKey ?? "",
    ...(endpoint.baseUrl ? { baseURL: endpoint.baseUrl } : {}),
    fetch: wire.fetch,
  });
  return provider.chat(endpoint.model);
};
