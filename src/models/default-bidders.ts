import type { Bidder } from "../market/bidder.ts";
import { type DefaultModel, defaultModels } from "./default-models.ts";
import type { ConfiguredBidder } from "./endpoint.ts";
import { familyOf } from "./family.ts";
import { type LlmServer, readLlmServer } from "./llm-server.ts";
import { priceFile, priceRowOn, priceSheetOf } from "./price-file.ts";
import { simulatedBidders } from "./sim/presets.ts";

/** The bindings that say which bidders exist; the Worker's environment has them. */
export interface ModelBindings {
  OPENAI_API_KEY?: string;
  ANTHROPIC_API_KEY?: string;
  GOOGLE_GENERATIVE_AI_API_KEY?: string;
  ATOMIC_LLM_URL?: string;
  ATOMIC_LLM_MODEL?: string;
  ATOMIC_LLM_IMAGES?: string;
  ATOMIC_LLM_KEY?: string;
  AI?: object;
}

const secretNames = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
} as const;

/**
 * The bidders that these bindings make possible, priced as of `nowMs`. `simulated` adds the `sim/...` ones. A server
 * that is configured wrongly gives none: `bindingProblem` says why.
 */
export function defaultBidders(bindings: ModelBindings, nowMs: number, simulated = false): ConfiguredBidder[] {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const hosted = defaultModels
    .filter(({ provider }) => (provider === "workers-ai" ? bindings.AI : bindings[secretNames[provider]]))
    .map((model) => hostedBidder(model, day));
  const server = readLlmServer(bindings.ATOMIC_LLM_URL, bindings.ATOMIC_LLM_MODEL, bindings.ATOMIC_LLM_IMAGES);
  const served =
    server === null || typeof server === "string" ? [] : servedBidders(server, Boolean(bindings.ATOMIC_LLM_KEY));
  return [...hosted, ...served, ...(simulated ? simulatedBidders() : [])];
}

/** What is wrong with the bindings, in a sentence for the operator; null: nothing. */
export function bindingProblem(bindings: ModelBindings): string | null {
  const server = readLlmServer(bindings.ATOMIC_LLM_URL, bindings.ATOMIC_LLM_MODEL, bindings.ATOMIC_LLM_IMAGES);
  return typeof server === "string" ? server : null;
}

function hostedBidder(entry: DefaultModel, day: string): ConfiguredBidder {
  const { provider, model, name, reasoning, reasoningTokens } = entry;
  const row = priceRowOn(provider, model, day);
  return {
    bidder: {
      id: `${provider}/${name ?? model}`,
      model,
      provider,
      family: entry.family,
      serves: "generative",
      price: priceSheetOf({ type: provider, model }, row ?? dearest()),
      contextTokens: entry.contextTokens,
      maxOutputTokens: entry.maxOutputTokens,
      structuredOutput: entry.structuredOutput ?? true,
      ...(entry.images === undefined ? {} : { images: entry.images }),
      region: "global",
      // By contract some keys have it; a default cannot know.
      noRetention: false,
      concurrency: null,
      cancelStopsBill: provider === "openai" || provider === "anthropic",
      expected: entry.expected,
      ...(reasoningTokens ? { reasoningTokens } : {}),
      enabled: entry.enabled ?? true,
    },
    endpoint: {
      type: provider,
      model,
      ...(provider === "workers-ai" ? {} : { apiKeySecretName: secretNames[provider] }),
      ...(reasoning ? { reasoning } : {}),
      ...(reasoningTokens ? { reasoningTokens } : {}),
    },
  };
}

function servedBidders({ baseUrl, models, seeing, local }: LlmServer, hasKey: boolean): ConfiguredBidder[] {
  const provider = local ? "local" : new URL(baseUrl).hostname;
  return models.map((model): ConfiguredBidder => {
    const bidder: Bidder = {
      id: `${provider}/${model}`,
      model,
      provider,
      family: familyOf(model),
      serves: "generative",
      // A hosted server's price is not known: until the operator sets it, budgets are held as if it were dear.
      price: local
        ? { inputPerMtok: 0, outputPerMtok: 0 }
        : priceSheetOf({ type: "openai-compatible", model }, dearest()),
      contextTokens: 8192,
      maxOutputTokens: 4096,
      structuredOutput: true,
      // Ollama and llama.cpp fetch nothing.
      ...(seeing.includes(model) ? { images: local ? ("data" as const) : ("url" as const) } : {}),
      region: local ? "local" : "global",
      noRetention: local,
      // One model at a time is in memory; two calls of it share its batch.
      concurrency: local ? (models.length > 1 ? 1 : 2) : null,
      cancelStopsBill: local,
      expected: local ? { firstTokenMs: 1500, tokensPerSecond: 25 } : { firstTokenMs: 1000, tokensPerSecond: 60 },
      enabled: true,
    };
    return {
      bidder,
      endpoint: {
        type: "openai-compatible",
        model,
        baseUrl,
        ...(hasKey ? { apiKeySecretName: "ATOMIC_LLM_KEY" } : {}),
        ...(local ? { local } : {}),
      },
    };
  });
}

function dearest() {
  const { input, output } = priceFile.reduce((a, b) => (b.output > a.output ? b : a));
  return { input, output };
}
