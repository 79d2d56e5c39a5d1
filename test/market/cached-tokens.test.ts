import fc from "fast-check";
import { expect, it } from "vitest";
import { decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { costOf } from "../../src/money/price.ts";
import { bidder, decided, pacing, report, request, settlement } from "./setting.ts";

const price = { inputPerMtok: 2e9, cachedInputPerMtok: 2e8, outputPerMtok: 4e9 };
const caching = bidder("a/caching", 2, { price });
const plain = bidder("b/plain", 2, { price: { inputPerMtok: 2e9, outputPerMtok: 4e9 } });
const bidders = [caching, plain];
const inputTokens = 20_000;
const ask = (cachedTokens: Record<string, number>, state = emptyMarket()) =>
  decided(decide(state, bidders, request({ inputTokens, cachedTokens }), pacing, seededRandom("cached")));
const costOfBid = (decision: ReturnType<typeof ask>, id = caching.id) =>
  decision.bids.find((bid) => bid.bidder === id)?.costNano ?? Number.NaN;

it("lowers a bid by what reading from the cache is cheaper, whatever is said of it", () => {
  const cold = costOfBid(ask({}));
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer({ min: -10, max: 40_000 })), (tokens) => {
      const known = tokens > 0 ? Math.min(tokens, inputTokens) : 0;
      const cost = costOfBid(ask({ [caching.id]: tokens, "c/unknown": tokens }));
      expect(Math.abs(cold - cost - known * 1_800)).toBeLessThanOrEqual(2);
    }),
  );
});

it("is nothing to a bidder that takes as much for it", () => {
  const decision = ask({ [plain.id]: 19_000 });
  expect(costOfBid(decision, plain.id)).toBe(costOfBid(ask({}), plain.id));
  expect(decision.bids.find((bid) => bid.bidder === plain.id)?.reasons).not.toHaveProperty("cachedTokens");
});

/** Thirty calls with 19,000 of 20,000 tokens said to be cached, of which the provider bills so many as cached. */
function after(billedAsCached: number) {
  const state = emptyMarket();
  for (let n = 0; n < 30; n++) {
    const decision = ask({ [caching.id]: 19_000 }, state);
    const costNano = costOf(price, {
      input: inputTokens,
      output: 150,
      cachedInput: billedAsCached,
      source: "provider",
    });
    const told = report(decision, caching.id, 1, {
      costNano,
      inputTokens,
      estimatedInputTokens: inputTokens,
      cachedTokens: 19_000,
    });
    learn(state, settlement([told], n, { estimatedInputTokens: inputTokens }), bidders);
  }
  return state;
}

it("teaches nothing of the price list where the cache holds what it was said to", () => {
  const state = after(19_000);
  expect(state.shared.rows.find((row) => row.bidder === caching.id)?.bill).toBeCloseTo(0, 3);
});

it("is corrected where a provider's cache holds nothing", () => {
  const truth = costOf(price, { input: inputTokens, output: 150, source: "provider" });
  expect(costOfBid(ask({ [caching.id]: 19_000 }, after(0))) / truth).toBeCloseTo(1, 1);
});
