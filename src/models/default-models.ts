import type { Bidder } from "../market/bidder.ts";
import type { Endpoint } from "./endpoint.ts";

/** What is known of a model besides its price. Speeds are priors: the market measures its own. */
export interface DefaultModel
  extends Pick<Endpoint, "reasoning" | "reasoningTokens">,
    Pick<Bidder, "family" | "contextTokens" | "maxOutputTokens" | "expected" | "images"> {
  provider: "openai" | "anthropic" | "google" | "workers-ai";
  model: string;
  /** Name in the bidder's id, where the provider's own is unwieldy. */
  name?: string;
  /** false: priced and ready, but it takes part only when the operator says so. */
  enabled?: false;
  structuredOutput?: false;
}

const speed = (firstTokenMs: number, tokensPerSecond: number) => ({ expected: { firstTokenMs, tokensPerSecond } });

/**
 * The models one key (or the AI binding) enters. `contextTokens` stops where a dearer tariff begins, so that a list
 * price is never too low. `reasoning` is "none" where thinking can be switched off; where it cannot, room is added.
 */
export const defaultModels: readonly DefaultModel[] = [
  {
    provider: "openai",
    images: "url",
    model: "gpt-6-luna",
    family: "gpt",
    contextTokens: 272_000,
    maxOutputTokens: 16_384,
    reasoning: "none",
    ...speed(500, 110),
  },
  {
    provider: "openai",
    images: "url",
    model: "gpt-5.4-mini",
    family: "gpt",
    contextTokens: 272_000,
    maxOutputTokens: 16_384,
    reasoning: "none",
    ...speed(600, 90),
  },
  {
    provider: "openai",
    images: "url",
    model: "gpt-6.1-sol",
    family: "gpt",
    contextTokens: 272_000,
    maxOutputTokens: 16_384,
    reasoning: "low",
    reasoningTokens: 2048,
    ...speed(1500, 70),
  },
  {
    provider: "openai",
    images: "url",
    model: "gpt-6-astra",
    family: "gpt",
    contextTokens: 272_000,
    maxOutputTokens: 16_384,
    reasoning: "low",
    reasoningTokens: 4096,
    enabled: false,
    ...speed(2500, 50),
  },
  {
    provider: "anthropic",
    images: "url",
    model: "claude-haiku-5-5",
    family: "claude",
    contextTokens: 100_000,
    maxOutputTokens: 16_384,
    reasoning: "none",
    ...speed(500, 120),
  },
  {
    provider: "anthropic",
    images: "url",
    model: "claude-sonnet-5-5",
    family: "claude",
    contextTokens: 200_000,
    maxOutputTokens: 16_384,
    reasoning: "none",
    ...speed(900, 75),
  },
  {
    provider: "anthropic",
    images: "url",
    model: "claude-opus-5-5",
    family: "claude",
    contextTokens: 200_000,
    maxOutputTokens: 16_384,
    reasoning: "low",
    reasoningTokens: 2048,
    ...speed(1500, 55),
  },
  {
    provider: "google",
    images: "data",
    model: "gemini-3.5-flash-lite",
    family: "gemini",
    contextTokens: 1_000_000,
    maxOutputTokens: 16_384,
    reasoning: "none",
    ...speed(450, 200),
  },
  {
    provider: "google",
    images: "data",
    model: "gemini-3.8-flash",
    family: "gemini",
    contextTokens: 1_000_000,
    maxOutputTokens: 16_384,
    reasoning: "low",
    reasoningTokens: 2048,
    ...speed(900, 150),
  },
  {
    provider: "google",
    images: "data",
    model: "gemini-3.1-pro-preview",
    family: "gemini",
    contextTokens: 200_000,
    maxOutputTokens: 16_384,
    reasoning: "low",
    reasoningTokens: 4096,
    ...speed(3000, 90),
  },
  {
    provider: "workers-ai",
    model: "@cf/meta/llama-3.1-8b-instruct-fp8-fast",
    name: "llama-3.1-8b-instruct-fp8-fast",
    family: "llama",
    contextTokens: 32_000,
    maxOutputTokens: 4096,
    ...speed(400, 80),
  },
  {
    provider: "workers-ai",
    model: "@cf/zai-org/glm-4.7-flash",
    name: "glm-4.7-flash",
    family: "glm",
    contextTokens: 131_072,
    maxOutputTokens: 8192,
    reasoning: "none",
    ...speed(700, 70),
  },
  {
    provider: "workers-ai",
    model: "@cf/openai/gpt-oss-120b",
    name: "gpt-oss-120b",
    family: "gpt-oss",
    contextTokens: 128_000,
    maxOutputTokens: 8192,
    reasoning: "low",
    reasoningTokens: 2048,
    structuredOutput: false,
    ...speed(900, 60),
  },
];
