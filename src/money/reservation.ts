import type { NanoUsd } from "./nano-usd.ts";
import { highestCost, type PriceSheet } from "./price.ts";

/** What every call adds to its messages: roles, a template, a schema's wrapping. Tokens. */
const perCallTokens = 64;
const perMessageTokens = 8;

/**
 * Input tokens that a call will hardly exceed: dense text has three ASCII characters a token (code, JSON), other
 * alphabets about two, scripts without spaces up to one and a half tokens a character. For money, not for context.
 */
export function boundTokens(texts: Iterable<string>): number {
  let tokens = perCallTokens;
  for (const text of texts) {
    let ascii = 0;
    let wide = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) ascii += 1;
      else if (code >= 0x2e80) wide += 1;
    }
    tokens += perMessageTokens + ascii / 3 + (text.length - ascii - wide) / 2 + wide * 1.5;
  }
  return Math.ceil(tokens);
}

/** The most a call may cost: every output token it may send, at the dearer of the output rates. nano-USD. */
export function reservationOf(price: PriceSheet, inputTokens: number, outputTokens: number): NanoUsd {
  return highestCost(price, inputTokens, outputTokens);
}

/**
 * Output tokens that fit into `nano` beside the input, at most `mostTokens`; 0: not even the input fits. An answer cut
 * short costs less than one refused, so money that is short makes calls shorter before it stops them.
 */
export function affordableTokens(price: PriceSheet, inputTokens: number, mostTokens: number, nano: NanoUsd): number {
  if (reservationOf(price, inputTokens, mostTokens) <= nano) return mostTokens;
  const left = nano - reservationOf(price, inputTokens, 0);
  const rate = Math.max(price.outputPerMtok, price.reasoningPerMtok ?? 0);
  if (left <= 0 || rate <= 0) return 0;
  // One less than the quotient: reservations are rounded up.
  return Math.max(0, Math.min(mostTokens, Math.floor((left * 1_000_000) / rate) - 1));
}
