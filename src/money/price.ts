import type { NanoUsd } from "./nano-usd.ts";

/** What a bidder's provider bills. Rates are nano-USD per million tokens, so that list prices stay integers. */
export interface PriceSheet {
  inputPerMtok: NanoUsd;
  outputPerMtok: NanoUsd;
  /** Rate of input tokens read from the provider's cache; default: `inputPerMtok`. */
  cachedInputPerMtok?: NanoUsd;
  /** Rate of input tokens written to the provider's cache; default: `inputPerMtok`. */
  cacheWritePerMtok?: NanoUsd;
  /** Rate of reasoning tokens where they are billed apart; default: `outputPerMtok`. */
  reasoningPerMtok?: NanoUsd;
  /** Flat price of a call. */
  perCall?: NanoUsd;
  /** ISO date from which these prices hold: which line of the price book a bill was made with. */
  from?: string;
}

/**
 * Token counts of one call. `cachedInput` (read from the provider's cache) and `cacheWrite` (written to it) are parts of
 * `input` that have no token in common, `reasoning` is part of `output`.
 */
export interface Usage {
  input: number;
  output: number;
  cachedInput?: number;
  cacheWrite?: number;
  reasoning?: number;
  /** What the provider itself says that all of it costs; it goes before the price sheet. Absent: it says nothing. */
  billedNano?: NanoUsd;
  /** Where the numbers come from: the provider's usage record, our count of what we saw, or an upper bound. */
  source: "provider" | "counted" | "bounded";
}

const million = 1_000_000;

/** The same tokens, and nothing of what they were billed. */
export const tokensOf = ({ billedNano: _, ...tokens }: Usage): Usage => tokens;

/**
 * Cost in nano-USD of a call with this usage: what it was billed where that is known, else its tokens at the sheet's
 * rates; never negative, rounded up to a whole nano-USD. Whole
 * nano-USD a token are counted apart from what is left of them: in one product they pass 2^53, which a double holds
 * exactly, from 120,000 tokens at 75 USD a million.
 */
export function costOf(price: PriceSheet, usage: Usage): NanoUsd {
  if (usage.billedNano !== undefined) return usage.billedNano;
  const cached = Math.min(usage.cachedInput ?? 0, usage.input);
  const written = Math.min(usage.cacheWrite ?? 0, usage.input - cached);
  const reasoning = Math.min(usage.reasoning ?? 0, usage.output);
  let nano = price.perCall ?? 0;
  // Of a nano-USD, in millionths.
  let rest = 0;
  const add = (tokens: number, perMtok: NanoUsd) => {
    // 75 USD a million are 75,000 nano-USD a token and nothing left: both products are small.
    const perToken = Math.floor(perMtok / million);
    nano += tokens * perToken;
    rest += tokens * (perMtok - perToken * million);
  };
  add(usage.input - cached - written, price.inputPerMtok);
  add(cached, price.cachedInputPerMtok ?? price.inputPerMtok);
  add(written, price.cacheWritePerMtok ?? price.inputPerMtok);
  add(usage.output - reasoning, price.outputPerMtok);
  add(reasoning, price.reasoningPerMtok ?? price.outputPerMtok);
  return nano + Math.ceil(rest / million);
}

/** The most a call can cost, nano-USD: all its input and all its output, thinking included, at the dearest of their rates. */
export function highestCost(price: PriceSheet, inputTokens: number, outputTokens: number): NanoUsd {
  const { inputPerMtok, cachedInputPerMtok = 0, cacheWritePerMtok = 0, outputPerMtok, reasoningPerMtok = 0 } = price;
  const dearest = {
    ...price,
    inputPerMtok: Math.max(inputPerMtok, cachedInputPerMtok, cacheWritePerMtok),
    outputPerMtok: Math.max(outputPerMtok, reasoningPerMtok),
  };
  return costOf(dearest, { input: inputTokens, output: outputTokens, source: "bounded" });
}

/** Whatever a call uses, it is billed nothing: each rate is 0, as of a model of one's own or a specialist in this process. */
export const costsNothing = (price: PriceSheet): boolean =>
  Object.values(price).every((rate: unknown) => typeof rate !== "number" || rate === 0);
