import type { AbortSignalLike, ModelCall, ModelPart } from "../../race/model-port.ts";
import { type BuildModel, streamLanguageModel } from "../ai-sdk/stream-language-model.ts";
import type { Target } from "../endpoint.ts";

/** Anthropic's messages API through `@ai-sdk/anthropic`. Loaded on first use. */
export function streamAnthropic(target: Target, call: ModelCall, signal: AbortSignalLike): AsyncIterable<ModelPart> {
  return streamLanguageModel(build, target, call, signal);
}

const build: BuildModel = async (wire, { endpoint, apiKey }) => {
  const { createAnthropic } = await import("@ai-sdk/anthropic");
  const provider = createAnthropic({
    apiKey: apiKey ?? "",
    ...(endpoint.baseUrl ? { baseURL: endpoint.baseUrl } : {}),
    fetch: wire.fetch,
  });
  return provider(endpoint.model);
};
