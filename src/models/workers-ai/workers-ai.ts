import type { AbortSignalLike, ModelCall, ModelPart } from "../../race/model-port.ts";
import { type BuildModel, streamLanguageModel } from "../ai-sdk/stream-language-model.ts";
import type { Target } from "../endpoint.ts";
import type { AiBinding } from "./ai-binding.ts";
import { neuronsIn } from "./neurons.ts";

/**
 * Workers AI through `workers-ai-provider` and the `AI` binding. The provider skips events that are not JSON and
 * errors within a stream, so the wire is read strictly below it; and what a call cost, which the provider leaves out.
 */
export function streamWorkersAI(
  binding: AiBinding,
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
): AsyncIterable<ModelPart> {
  const build: BuildModel = async (wire, of) => (await import("./build-model.ts")).buildOn(binding)(wire, of);
  return streamLanguageModel(build, target, call, signal, { strictJson: true, billIn: neuronsIn });
}
