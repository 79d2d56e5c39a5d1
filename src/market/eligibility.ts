import type { AuctionRequest } from "./bid.ts";
import type { Bidder } from "./bidder.ts";
import { contextTokensNeeded } from "./request.ts";

/** Why a bidder cannot take part, in words that name the field at fault; null: it can. Never throws on bad data. */
export function ineligible(bidder: Bidder, request: AuctionRequest): string | null {
  const broken = brokenField(bidder);
  if (broken) return `its entry is broken: ${broken}`;
  if (!bidder.enabled) return "it is switched off";
  if (bidder.serves !== "generative" && !bidder.serves.includes(request.kind))
    return `it does not serve ${request.kind}`;
  if (request.allowed !== null && !request.allowed.includes(bidder.id)) return "it is not on the allow-list";
  if (bidder.onlyByName && request.allowed === null) return "it takes part only in requests that name it";
  if (request.noRetention && !bidder.noRetention) return "its provider keeps what it is sent";
  if (request.region !== null && bidder.region !== request.region && bidder.region !== "local") {
    return `it runs in ${bidder.region}, not in ${request.region}`;
  }
  if (request.needsStructuredOutput && !bidder.structuredOutput) return "it cannot promise structured output";
  const needed = contextTokensNeeded(request);
  if (needed > bidder.contextTokens) return `it takes ${bidder.contextTokens} tokens, the task needs ${needed}`;
  const tried = request.tried.find((one) => one.bidder === bidder.id);
  if (tried) return tried.how === "rejected" ? "its answer was rejected" : "it failed already";
  const away = request.unavailable.find((one) => one.bidder === bidder.id);
  if (away) return away.reason;
  return null;
}

function brokenField(bidder: Bidder): string | null {
  const price = bidder.price as Bidder["price"] | null | undefined;
  if (!price) return "price is missing";
  const rates: [string, number | undefined][] = [
    ["price.inputPerMtok", price.inputPerMtok],
    ["price.outputPerMtok", price.outputPerMtok],
    ["price.perCall", price.perCall ?? 0],
  ];
  for (const [name, rate] of rates) {
    if (typeof rate !== "number" || !Number.isFinite(rate)) return `${name} is not a number`;
    if (rate < 0) return `${name} is negative (${rate})`;
  }
  const positive: [string, number | undefined][] = [
    ["contextTokens", bidder.contextTokens],
    ["maxOutputTokens", bidder.maxOutputTokens],
    ["expected.firstTokenMs", (bidder.expected as Bidder["expected"] | undefined)?.firstTokenMs],
    ["expected.tokensPerSecond", (bidder.expected as Bidder["expected"] | undefined)?.tokensPerSecond],
  ];
  for (const [name, number] of positive) {
    if (typeof number !== "number" || !Number.isFinite(number)) return `${name} is not a number`;
    if (number < 0) return `${name} is negative (${number})`;
  }
  if (bidder.concurrency !== null && !(bidder.concurrency > 0)) return `concurrency is ${bidder.concurrency}`;
  return null;
}
