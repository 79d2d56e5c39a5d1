import { extractReasoningMiddleware, wrapLanguageModel } from "ai";
import { createWorkersAI } from "workers-ai-provider";
import { ModelFailure } from "../../race/model-port.ts";
import type { BuildModel } from "../ai-sdk/stream-language-model.ts";
import type { AiBinding } from "./ai-binding.ts";

/**
 * Makes the SDK's model on a watched binding. A module of its own, loaded on first use: named imports let the bundler
 * drop the rest of `ai`, which it cannot do behind a dynamic import of the package.
 */
export const buildOn =
  (binding: AiBinding): BuildModel =>
  async (wire, { endpoint }) => {
    const watched = {
      run: async (model: string, inputs: unknown, options: unknown) => {
        const answer = await binding.run(model, inputs, options);
        if (answer instanceof ReadableStream) return wire.watch(answer);
        wire.readBill(answer);
        return answer;
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
