import type { AbortSignalLike, ModelCall, ModelPart } from "../../race/model-port.ts";
import { type BuildModel, streamLanguageModel } from "../ai-sdk/stream-language-model.ts";
import type { Target } from "../endpoint.ts";

/** Gemini through `@ai-sdk/google`. Loaded on first use. */
export function streamGoogle(target: Target, call: ModelCall, signal: AbortSignalLike): AsyncIterable<ModelPart> {
  return streamLanguageModel(build, target, call, signal);
}

const build: BuildModel = async (wire, { endpoint, apiKey }) => {
  const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
  const provider = createGoogleGenerativeAI({
    apiKey: apiKey ?? "",
    ...(endpoint.baseUrl ? { baseURL: endpoint.baseUrl } : {}),
    fetch: wire.fetch,
    // Calls without an id get one where all such calls do, not one drawn here.
    generateId: () => "",
  });
  return provider(endpoint.model);
};
