import fc from "fast-check";
import { expect, it } from "vitest";
import type { AwardInputs } from "../../src/market/award-inputs.ts";
import { type Bid, type Bidder, type Decision, decide, emptyMarket, seededRandom } from "../../src/market/market.ts";
import { toUsd } from "../../src/money/nano-usd.ts";
import { bidder, pacing, request } from "./setting.ts";

const bidders = fc
  .array(
    fc.record({
      provider: fc.nat(3),
      model: fc.nat(3),
      usdPerMtok: fc.double({ min: 0.02, max: 20, noNaN: true }),
      firstTokenMs: fc.double({ min: 40, max: 5_000, noNaN: true }),
    }),
    { minLength: 2, maxLength: 10 },
  )
  .map((all) =>
    all.map(({ provider, model, usdPerMtok, firstTokenMs }, i) =>
      bidder(`p${provider}/m${model}-${i}`, usdPerMtok, {
        model: `m${model}`,
        expected: { firstTokenMs, tokensPerSecond: 80 },
      }),
    ),
  );
const requests = fc
  .record({
    valueNano: fc.option(fc.integer({ min: 100_000, max: 1_000_000_000 })),
    budgetNano: fc.option(fc.integer({ min: 100_000, max: 50_000_000 })),
    trueReject: fc.constantFrom(0, 0.9, 1),
    lookNano: fc.constantFrom(0, 50_000),
  })
  .map(({ trueReject, lookNano, ...more }) =>
    request({ ...more, verdict: { trueAccept: 1, trueReject, costNano: lookNano } }),
  );

/** Decisions over random fleets; refusals are not of interest. */
const decisions = fc
  .tuple(bidders, requests, fc.nat())
  .map(([all, asked, seed]) => ({
    all,
    made: decide(emptyMarket(), all, asked, { ...pacing, muUsdPerSecond: 1e-5 }, seededRandom(`line-up ${seed}`)),
  }))
  .filter((one): one is { all: Bidder[]; made: Decision } => !("code" in one.made));

const originOf = (all: readonly Bidder[], id: string) => all.find((one) => one.id === id) as Bidder;
const bidOf = (made: Decision, id: string) => made.bids.find((one) => one.bidder === id) as Bid;
const inputsOf = (made: Decision) => made.inputs as AwardInputs;

/** What the answer is believed to be worth beyond its price, USD. */
function net(made: Decision, bid: Bid): number {
  const costUsd = toUsd(bid.costNano) + toUsd(inputsOf(made).verdict.costNano);
  const price = made.lambda * costUsd + (made.muUsdPerSecond * bid.totalMs.p50) / 1000;
  return toUsd(made.valueNano) * bid.accept.mean - price;
}

it("holds at most four places, each once, within the budget all together", () => {
  fc.assert(
    fc.property(decisions, ({ made }) => {
      const { budgetNano, verdict } = inputsOf(made);
      expect(made.award.length).toBeLessThanOrEqual(4);
      expect(new Set(made.award.map((place) => place.bidder)).size).toBe(made.award.length);
      const costNano = made.award.reduce((sum, one) => sum + bidOf(made, one.bidder).costNano + verdict.costNano, 0);
      expect(costNano).toBeLessThanOrEqual(budgetNano ?? Number.POSITIVE_INFINITY);
      expect(made.award[0]?.role).toBe("leader");
      expect(made.award.filter((place) => place.role !== "hedge" && place.spare)).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

it("hedges at other providers with answers that are worth their price and nearly as likely to be accepted", () => {
  let hedged = 0;
  fc.assert(
    fc.property(decisions, ({ all, made }) => {
      const [leader, ...others] = made.award;
      const hedges = others.filter((place) => place.role === "hedge");
      const providers = [leader, ...hedges].map((place) => originOf(all, place?.bidder ?? "").provider);
      expect(new Set(providers).size).toBe(providers.length);
      for (const { bidder: id, startAfterMs } of hedges) {
        hedged++;
        expect(startAfterMs).toBeGreaterThanOrEqual(50);
        expect(net(made, bidOf(made, id))).toBeGreaterThan(0);
        expect(bidOf(made, id).accept.mean).toBeGreaterThanOrEqual(
          0.9 * bidOf(made, leader?.bidder ?? "").accept.mean - 1e-12,
        );
      }
    }),
    { numRuns: 400 },
  );
  expect(hedged).toBeGreaterThan(200);
});

it("takes the first hedge for its speed: another model unless that of the leader is 1.73 times as good elsewhere", () => {
  let sameModel = 0;
  let another = 0;
  fc.assert(
    fc.property(decisions, ({ all, made }) => {
      fc.pre(inputsOf(made).budgetNano === null);
      const hedge = made.award.find((place) => place.role === "hedge");
      if (hedge === undefined) return;
      const leader = originOf(all, made.award[0]?.bidder ?? "");
      const least = 0.9 * bidOf(made, leader.id).accept.mean;
      const score = (bid: Bid) =>
        Math.max(1, bid.firstTokenMs.p95) *
        Math.max(1, bid.costNano) ** 0.35 *
        (originOf(all, bid.bidder).model === leader.model ? 1.73 : 1);
      const could = made.bids.filter(
        (bid) =>
          originOf(all, bid.bidder).provider !== leader.provider && bid.accept.mean >= least && net(made, bid) > 0,
      );
      const best = Math.min(...could.map(score));
      expect(score(bidOf(made, hedge.bidder))).toBeLessThanOrEqual(best * (1 + 1e-9));
      if (originOf(all, hedge.bidder).model === leader.model) sameModel++;
      else another++;
    }),
    { numRuns: 600 },
  );
  expect(sameModel).toBeGreaterThan(5);
  expect(another).toBeGreaterThan(2 * sameModel);
});
