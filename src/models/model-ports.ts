import {
  type AbortSignalLike,
  type ModelCall,
  ModelFailure,
  type ModelPart,
  type ModelPort,
} from "../race/model-port.ts";
import { streamAnthropic } from "./anthropic/anthropic.ts";
import type { ModelBindings } from "./default-bidders.ts";
import { createEmbeddedPort } from "./embedded/embedded-port.ts";
import type { ConfiguredBidder, OnHeadroom, Target } from "./endpoint.ts";
import { streamGoogle } from "./google/google.ts";
import { streamOpenAI } from "./openai/openai.ts";
import { streamChatCompletions } from "./openai-compatible/chat-stream.ts";
import { type Sleep, streamSim } from "./sim/sim-stream.ts";
import type { AiBinding } from "./workers-ai/ai-binding.ts";
import { streamWorkersAI } from "./workers-ai/workers-ai.ts";

export interface ModelPortOptions {
  /** Lets `sim/...` bidders run; in production they are refused unless this is on. */
  allowSimulated?: boolean;
  onHeadroom?: OnHeadroom;
  /** How simulated bidders wait; default: the platform's timers. */
  sleep?: Sleep;
}

/**
 * The port behind races: routes each call to its bidder's endpoint by id, `embedded/...` to the specialists. Secrets
 * are read from `bindings` by the name the endpoint gives, at the time of the call. One per object or request.
 */
export function createModelPort(
  bindings: ModelBindings,
  bidders: readonly ConfiguredBidder[] | (() => readonly ConfiguredBidder[]),
  options: ModelPortOptions = {},
): ModelPort {
  const warm = new Set<string>();
  const embedded = createEmbeddedPort();
  const list = typeof bidders === "function" ? bidders : () => bidders;
  return {
    stream(call: ModelCall, signal: AbortSignalLike): AsyncIterable<ModelPart> {
      if (call.bidder.startsWith("embedded/")) return embedded.stream(call, signal);
      const configured = list().find(({ bidder }) => bidder.id === call.bidder);
      if (!configured) return failing(new ModelFailure("client-error", "no such bidder is configured"));
      return route(
        { ...configured, apiKey: null, warm, onHeadroom: options.onHeadroom },
        call,
        signal,
        bindings,
        options,
      );
    },
  };
}

function route(
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
  bindings: ModelBindings,
  options: ModelPortOptions,
): AsyncIterable<ModelPart> {
  const { endpoint } = target;
  const name = endpoint.apiKeySecretName;
  if (name !== undefined) {
    const secret = (bindings as Record<string, unknown>)[name];
    if (typeof secret !== "string" || secret === "")
      return failing(new ModelFailure("unauthorized", `the secret ${name} is not set`));
    target.apiKey = secret;
  }
  switch (endpoint.type) {
    case "openai-compatible":
      return streamChatCompletions(target, call, signal);
    case "openai":
      return streamOpenAI(target, call, signal);
    case "anthropic":
      return streamAnthropic(target, call, signal);
    case "google":
      return streamGoogle(target, call, signal);
    case "workers-ai": {
      const { AI } = bindings;
      if (!isAiBinding(AI)) return failing(new ModelFailure("unauthorized", "the AI binding is not set"));
      return streamWorkersAI(AI, target, call, signal);
    }
    case "sim":
      if (!options.allowSimulated)
        return failing(new ModelFailure("unauthorized", "simulated bidders are switched off"));
      return streamSim(target, call, signal, options.sleep);
  }
}

const isAiBinding = (value: unknown): value is AiBinding =>
  value !== null && typeof value === "object" && "run" in value && typeof value.run === "function";

// biome-ignore lint/correctness/useYield: a stream that fails before its first part has none to give.
async function* failing(failure: ModelFailure): AsyncGenerator<ModelPart, void, void> {
  throw failure;
}
