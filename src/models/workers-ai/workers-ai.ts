import { type AbortSignalLike, type ModelCall, ModelFailure, type ModelPart } from "../../race/model-port.ts";
import { type BuildModel, streamLanguageModel } from "../ai-sdk/stream-language-model.ts";
import type { Target } from "../endpoint.ts";

/** The part of the `AI` binding that is used; the platform's `Ai` has it. */
export interface AiBinding {
  run(model: string, inputs: unknown, options?: unknown): Promise<unknown>;
}

/**
 * Workers AI through `workers-ai-provider` and the `AI` binding. The provider skips events that are not JSON and
 * errors within a stream, so the wire is read strictly below it.
 */
export function streamWorkersAI(
  binding: AiBinding,
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
): AsyncIterable<ModelPart> {
  return streamLanguageModel(buildOn(binding), target, call, signal, { strictJson: true });
}

const buildOn =
  (binding: AiBinding): BuildModel =>
  async (wire, { endpoint }) => {
    const [{ createWorkersAI }, { extractReasoningMiddleware, wrapLanguageModel }] = await Promise.all([
      import("workers-ai-provider"),
      import("ai"),
    ]);
    const watched = {
      run: async (model: string, inputs: unknown, options: unknown) => {
        const answer = await binding.run(model, inputs, options);
        return answer instanceof ReadableStream ? wire.watch(answer) : answer;
      },
    };
    const provider = createWorkersAI({ binding: watched } as unknown as Parameters<typeof createWorkersAI>[0]);
    const effort = endpoint.reasoning === "none" ? null : endpoint.reasoning === "minimal" ? "low" : endpoint.reasoning;
    const model = provider(endpoint.model, effort === undefined ? {} : { reasoning_effort: effort });
    if (!model || typeof model !== "object" || !("doStream" in model))
      throw new ModelFailure("client-error", "no text model of this name");
    // Open reasoning models think aloud between tags where the server does not split it off.
    return wrapLanguageModel({ model, middleware: extractReasoningMiddleware({ tagName: "think" }) });
  };
