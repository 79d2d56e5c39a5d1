import type { MarketView } from "../../src/engine/ports.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { emptyMarket } from "../../src/market/market.ts";

/** A model that does any kind by prompting. */
export const generative = (id: string): Bidder => ({
  id,
  model: id.slice(id.indexOf("/") + 1),
  provider: id.slice(0, id.indexOf("/")),
  family: id,
  serves: "generative",
  price: { inputPerMtok: 100_000_000, outputPerMtok: 400_000_000 },
  contextTokens: 100_000,
  maxOutputTokens: 8000,
  structuredOutput: true,
  region: "global",
  noRetention: false,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 300, tokensPerSecond: 80 },
  enabled: true,
});

const embedded: Bidder = {
  ...generative("embedded/eld"),
  serves: ["language"],
  fixed: true,
  price: { inputPerMtok: 0, outputPerMtok: 0 },
};

export const twoModels: Bidder[] = [embedded, generative("openai/small"), generative("workers-ai/@cf/meta/llama")];
export const onlyEmbedded: Bidder[] = [embedded];

/** A market that has learnt nothing. */
export const freshMarket = (bidders: Bidder[]): MarketView => ({
  state: emptyMarket(),
  bidders,
  pacing: { lambda: 1, muUsdPerSecond: 0 },
  examples: () => [],
});
