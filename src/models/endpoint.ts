import type { Bidder } from "../market/bidder.ts";
import type { Reasoning } from "../plan/effort.ts";

export const endpointTypes = ["openai-compatible", "openai", "anthropic", "google", "workers-ai", "sim"] as const;
export type EndpointType = (typeof endpointTypes)[number];

export const omittedFields = [
  "seed",
  "stop",
  "temperature",
  "top_p",
  "frequency_penalty",
  "presence_penalty",
  "stream_options",
  "response_format",
  "parallel_tool_calls",
] as const;
export type OmittedField = (typeof omittedFields)[number];

/** Where a bidder's calls go. Holds the name of the secret binding, never the secret. */
export interface Endpoint {
  type: EndpointType;
  /** The provider's own name of the model. */
  model: string;
  /** Base URL without credentials, "https://host/v1"; absent: the provider's own. Required for openai-compatible. */
  baseUrl?: string;
  apiKeySecretName?: string;
  /** A server on this machine or network: its first call loads the model, and headers come with the first token. */
  local?: boolean;
  /** Effort asked of reasoning models; absent: the provider's default. */
  reasoning?: Reasoning;
  /** Tokens added to `maxOutputTokens` for thinking that is billed as output; default 0. */
  reasoningTokens?: number;
  /**
   * How a compatible server is told to go on from a trailing assistant message: "prefix" on the message (DeepSeek,
   * Mistral), "continue-final-message" in the body (vLLM, SGLang). Absent: such a message is enough (llama.cpp, Ollama).
   */
  prefixMark?: "prefix" | "continue-final-message";
  /** Request fields a picky compatible server refuses. */
  omit?: OmittedField[];
}

/** A bidder and where its calls go; what D1 stores of a generative bidder. */
export interface ConfiguredBidder {
  bidder: Bidder;
  endpoint: Endpoint;
}

/** What a provider's rate headers say is left. null: not said. Reset times are ms from now. */
export interface Headroom {
  requests: { limit: number | null; remaining: number | null; resetMs: number | null };
  tokens: { limit: number | null; remaining: number | null; resetMs: number | null };
}

export type OnHeadroom = (bidder: string, headroom: Headroom) => void;

/** What one call needs besides the call itself. `warm` remembers local endpoints that have answered once. */
export interface Target extends ConfiguredBidder {
  apiKey: string | null;
  onHeadroom?: OnHeadroom | undefined;
  warm: Set<string>;
}
