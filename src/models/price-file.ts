import { fromUsd } from "../money/nano-usd.ts";
import type { PriceSheet } from "../money/price.ts";
import { priceOn } from "../money/price-book.ts";
import type { Endpoint } from "./endpoint.ts";
import { withCacheWrite } from "./prompt-cache.ts";

/** List prices of one model from a day on, USD per million tokens. */
export interface PriceRow {
  provider: "openai" | "anthropic" | "google" | "workers-ai";
  model: string;
  input: number;
  /** Absent: not published, billed here as `input`. */
  cachedInput?: number;
  output: number;
  /** First day it holds, ISO date, as published; a later row of the same model replaces it from its own day on. */
  from: string;
  /** Day the provider's page, or a dated copy of it, was last read with this price. */
  asOf: string;
  source: string;
  note?: string;
}

const openai = { provider: "openai", source: "https://developers.openai.com/api/docs/pricing" } as const;
const anthropic = {
  provider: "anthropic",
  source: "https://platform.claude.com/docs/en/about-claude/pricing",
} as const;
const google = { provider: "google", source: "https://ai.google.dev/gemini-api/docs/pricing" } as const;
const workersAi = {
  provider: "workers-ai",
  source: "https://developers.cloudflare.com/workers-ai/platform/pricing/",
  from: "2026-07-09",
  asOf: "2026-07-15",
} as const;

const to272k = "up to 272,000 input tokens; above, input is billed at 2x and output at 1.5x";

/** The dated price file: standard tier, text. Operators override a price when they add a bidder. */
export const priceFile: readonly PriceRow[] = [
  {
    ...openai,
    model: "gpt-6-luna",
    input: 0.1,
    cachedInput: 0.01,
    output: 0.5,
    from: "2026-09-22",
    asOf: "2026-10-16",
    note: to272k,
  },
  {
    ...openai,
    model: "gpt-5.4-nano",
    input: 0.2,
    cachedInput: 0.02,
    output: 1.25,
    from: "2026-04-30",
    asOf: "2026-06-04",
  },
  {
    ...openai,
    model: "gpt-5.4-mini",
    input: 0.75,
    cachedInput: 0.075,
    output: 4.5,
    from: "2026-04-30",
    asOf: "2026-06-04",
  },
  {
    ...openai,
    model: "gpt-6.1-sol",
    input: 2,
    cachedInput: 0.1,
    output: 10,
    from: "2026-09-29",
    asOf: "2026-10-16",
    note: to272k,
  },
  {
    ...openai,
    model: "gpt-6-astra",
    input: 10,
    cachedInput: 1,
    output: 50,
    from: "2026-09-03",
    asOf: "2026-10-16",
    note: to272k,
  },
  {
    ...anthropic,
    model: "claude-haiku-5-5",
    input: 0.1,
    cachedInput: 0.01,
    output: 0.5,
    from: "2026-10-07",
    asOf: "2026-10-24",
    note: "prompts up to 100,000 tokens; above, all tokens of the request cost 5x",
  },
  {
    ...anthropic,
    model: "claude-sonnet-5-5",
    input: 2,
    cachedInput: 0.2,
    output: 10,
    from: "2026-09-28",
    asOf: "2026-10-01",
  },
  {
    ...anthropic,
    model: "claude-sonnet-5-5",
    input: 2,
    cachedInput: 0.1,
    output: 10,
    from: "2026-10-07",
    asOf: "2026-10-24",
  },
  {
    ...anthropic,
    model: "claude-opus-5-5",
    input: 4,
    cachedInput: 0.2,
    output: 20,
    from: "2026-09-22",
    asOf: "2026-10-24",
  },
  {
    ...google,
    model: "gemini-3.5-flash-lite",
    input: 0.3,
    cachedInput: 0.03,
    output: 2.5,
    from: "2026-07-21",
    asOf: "2026-09-30",
  },
  {
    ...google,
    model: "gemini-3.8-flash",
    input: 0.75,
    cachedInput: 0.075,
    output: 3.75,
    from: "2026-09-02",
    asOf: "2026-10-07",
    note: "introductory, through 2026-12-31",
  },
  {
    ...google,
    model: "gemini-3.8-flash",
    input: 1.5,
    output: 7.5,
    from: "2027-01-01",
    asOf: "2026-10-07",
    note: "announced",
  },
  {
    ...google,
    model: "gemini-3.1-pro-preview",
    input: 2,
    output: 12,
    from: "2026-02-19",
    asOf: "2026-04-19",
    note: "prompts up to 200,000 tokens",
  },
  { ...workersAi, model: "@cf/meta/llama-3.1-8b-instruct-fp8-fast", input: 0.045, output: 0.384 },
  { ...workersAi, model: "@cf/zai-org/glm-4.7-flash", input: 0.06, output: 0.4 },
  { ...workersAi, model: "@cf/google/gemma-4-26b-a4b-it", input: 0.1, output: 0.3 },
  { ...workersAi, model: "@cf/openai/gpt-oss-20b", input: 0.2, output: 0.3 },
  { ...workersAi, model: "@cf/openai/gpt-oss-120b", input: 0.35, output: 0.75 },
  { ...workersAi, model: "@cf/meta/llama-3.3-70b-instruct-fp8-fast", input: 0.293, output: 2.253 },
];

/** The row that holds on a day (ISO date); null: the file does not know the model, or not yet. */
export function priceRowOn(provider: string, model: string, day: string): PriceRow | null {
  return priceOn(
    priceFile.filter((row) => row.provider === provider && row.model === model),
    day,
  );
}

/** A row as the price sheet that costs are computed with; what writing to a cache costs is its provider's usual, unless said. */
export function priceSheetOf(
  endpoint: Pick<Endpoint, "type" | "model">,
  row: Pick<PriceRow, "input" | "output" | "cachedInput"> & { cacheWrite?: number | undefined; from?: string },
): PriceSheet {
  return withCacheWrite(endpoint, {
    inputPerMtok: fromUsd(row.input),
    outputPerMtok: fromUsd(row.output),
    ...(row.cachedInput === undefined ? {} : { cachedInputPerMtok: fromUsd(row.cachedInput) }),
    ...(row.cacheWrite === undefined ? {} : { cacheWritePerMtok: fromUsd(row.cacheWrite) }),
    ...(row.from === undefined ? {} : { from: row.from }),
  });
}
