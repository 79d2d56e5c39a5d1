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
    fetch: (input, init) => wire.fetch(input, { ...init, body: withinRoom(init?.body, endpoint.reasoningTokens ?? 0) }),
  });
  return provider(endpoint.model);
};

/** The least that Anthropic takes for a budget of thinking. */
const leastBudget = 1024;

/**
 * A request whose thinking keeps to the room that money was set aside for. For models that think on a budget the SDK
 * takes a share of all that the model can write, and adds it to what was asked for.
 */
export function withinRoom(body: BodyInit | null | undefined, room: number): BodyInit | null {
  if (typeof body !== "string" || !body.includes('"budget_tokens"')) return body ?? null;
  const request = JSON.parse(body) as { max_tokens: number; thinking?: { type: string; budget_tokens?: number } };
  const budget = request.thinking?.budget_tokens;
  if (budget === undefined) return body;
  const asked = request.max_tokens - budget;
  const within = Math.min(budget, Math.max(leastBudget, room));
  // Thinking is part of what may be written: where that leaves no answer, there is none.
  const thinking = within < asked ? { ...request.thinking, budget_tokens: within } : { type: "disabled" };
  return JSON.stringify({ ...request, max_tokens: asked, thinking });
}
