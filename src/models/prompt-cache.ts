import type { PriceSheet } from "../money/price.ts";
import type { ModelCall } from "../race/model-port.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * What input costs that a provider writes to its cache, in prices of plain input: Anthropic for five minutes, and OpenAI
 * from gpt-5.6 on (their pricing pages, 2026-11). Reading it back costs a tenth or less.
 */
const writeFactor = 1.25;

/** The price of an endpoint's model with that of writing to the cache, where there is one and the sheet does not say it. */
export const withCacheWrite = (endpoint: Pick<Endpoint, "type" | "model">, price: PriceSheet): PriceSheet =>
  price.cacheWritePerMtok === undefined && billsCacheWrites(endpoint)
    ? { ...price, cacheWritePerMtok: Math.ceil(price.inputPerMtok * writeFactor) }
    : price;

/**
 * Is there a bill for what is cached, and may a call say what is to be? Older models of OpenAI cache by themselves, for
 * nothing.
 */
export function billsCacheWrites({ type, model }: Pick<Endpoint, "type" | "model">): boolean {
  if (type !== "openai") return type === "anthropic";
  const [, major = "0", minor = "0"] = /^gpt-(\d+)(?:\.(\d+))?(?![\d.a-z])/.exec(model) ?? [];
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 6);
}

/** Where a provider is asked to cache a prompt: behind its system messages, behind all of it. */
export type CacheMarks = NonNullable<ModelCall["promptCache"]>;

const none: CacheMarks = { head: false, end: false };

/** Marks for one call: where writing is not billed nothing needs to be said. */
export const cacheMarks = ({ promptCache = none }: ModelCall, endpoint: Endpoint): CacheMarks =>
  billsCacheWrites(endpoint) ? promptCache : none;
