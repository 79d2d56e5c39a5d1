import fc from "fast-check";
import { expect, it } from "vitest";
import type { Bidder } from "../../src/market/bidder.ts";
import { ineligible } from "../../src/market/eligibility.ts";
import { decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { expectedCall } from "../../src/market/tokens.ts";
import { withArms } from "../../src/models/effort-arms.ts";
import { type Effort, efforts, type Reasoning, rankOf } from "../../src/plan/effort.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const ids = ["a/one", "b/two", "c/three"];
const market = fc
  .tuple(
    fc.tuple(
      ...ids.map(() => fc.constantFrom<Reasoning | undefined>(undefined, "none", "minimal", "low", "medium", "high")),
    ),
    fc.dictionary(fc.constantFrom(...ids.flatMap((id) => efforts.map((e) => `${id}:${e}`))), fc.boolean()),
  )
  .map(([told, switched]) =>
    ids.flatMap((id, i) => {
      const reasoning = told[i];
      const endpoint = { type: "openai" as const, model: id, ...(reasoning === undefined ? {} : { reasoning }) };
      return withArms({ bidder: bidder(id, 1), endpoint }, new Map(Object.entries(switched))).map((one) => ({
        ...one.bidder,
        thinks: one.endpoint.reasoning,
      }));
    }),
  );
const effort = fc.option(fc.constantFrom(...efforts), { nil: undefined });
const partakers = <B extends Bidder>(
  bidders: readonly B[],
  asked: { allowed: string[] | null; effort?: Effort | undefined },
) => bidders.filter((one) => ineligible(one, { ...request(), ...(asked as { allowed: null }) }) === null);

it("who takes part thinks as long as is asked, where it can; each model does once, but for arms that always take part", () =>
  fc.assert(
    fc.property(market, effort, (bidders, asked) => {
      const there = partakers(bidders, { allowed: null, effort: asked });
      const open = (one: Bidder) => one.onlyByName !== true;
      for (const id of ids) {
        const its = there.filter((one) => one.id === id || one.arm?.of === id);
        // Nobody is lost for being asked to think.
        expect(its.length).toBeGreaterThan(0);
        const byRequest = its.filter((one) => one.arm === undefined || !open(one));
        expect(byRequest.length).toBeLessThanOrEqual(1);
        const able = bidders.filter((one) => one.arm?.of === id && one.enabled && one.arm.effort === asked);
        for (const one of its) if (able.length > 0) expect(rankOf(one.thinks)).toBeGreaterThanOrEqual(rankOf(asked));
      }
      if (asked === undefined) expect(there.filter((one) => one.arm !== undefined).every(open)).toBe(true);
    }),
  ));

it("an allow-list that names a bidder allows the arm that is asked for, and no other", () =>
  fc.assert(
    fc.property(market, effort, fc.subarray(ids, { minLength: 1 }), (bidders, asked, allowed) => {
      for (const one of partakers(bidders, { allowed, effort: asked })) {
        expect(allowed).toContain(one.arm?.of ?? one.id);
        if (one.arm !== undefined) expect(one.arm.effort).toBe(asked);
      }
    }),
  ));

it("an arm may be named itself", () => {
  const [own, arm] = withArms(
    { bidder: bidder("a/one", 1), endpoint: { type: "openai", model: "one", reasoning: "medium" } },
    new Map(),
  ).map((one) => one.bidder);
  if (own === undefined || arm === undefined) throw new Error("there is no arm");
  expect(ineligible(arm, request({ allowed: ["a/one:high"] }))).toBeNull();
  expect(ineligible(own, request({ allowed: ["a/one:high"] }))).toBe("it is not on the allow-list");
  expect(ineligible(arm, request())).toBe("it takes part only in requests that name it");
  expect(ineligible(own, request({ effort: "high" }))).toContain("its arm bids");
  // A client that names one may send a word for effort too, by habit: the name is the plainer word.
  const [, medium] = withArms(
    { bidder: bidder("a/one", 1), endpoint: { type: "openai", model: "one", reasoning: "low" } },
    new Map(),
  ).map((one) => one.bidder);
  expect(medium && ineligible(medium, request({ allowed: ["a/one:medium"], effort: "high" }))).toBeNull();
});

it("before its first call a bidder is expected to use a quarter of its room for thinking", () => {
  const expected = (reasoningTokens: number) =>
    expectedCall(undefined, -1, undefined, bidder("a/one", 1, { reasoningTokens }), 0, 100, 800);
  const more = expected(8192).output - expected(0).output;
  // Log-normal: the mean is above the median.
  expect(more).toBeGreaterThan(2048);
  expect(more).toBeLessThan(2048 * 1.3);
  expect(expected(8192).costNano).toBeGreaterThan(5 * expected(0).costNano);
});

it("an arm that bids always leads where thought pays, and its bidder where it does not, on 9 of 10 seeds", () => {
  const [own, arm] = withArms(
    { bidder: bidder("a/one", 1), endpoint: { type: "openai", model: "one", reasoning: "medium" } },
    new Map([["a/one:high", true]]),
  ).map((one) => one.bidder);
  if (own === undefined || arm === undefined) throw new Error("there is no arm");
  const both = [own, arm];
  const chance: Record<string, Record<string, number>> = {
    proofs: { [own.id]: 0.45, [arm.id]: 0.92 },
    notes: { [own.id]: 0.93, [arm.id]: 0.93 },
  };
  const right = Array.from({ length: 10 }, (_, seed) => {
    const state = emptyMarket();
    const random = seededRandom(`arms/${seed}`);
    const led = { proofs: 0, notes: 0 };
    for (let n = 1; n <= 400; n++) {
      const context = n % 2 === 0 ? "proofs" : "notes";
      const features = { inputChars: 400, script: "latin", context };
      const nowMs = startMs + n * 1000;
      // $0.05 an answer; a call costs $0.0003 without thought and $0.0033 with it.
      const asked = request({ nowMs, features, maxAttempts: 1, valueNano: 50_000_000 });
      const decision = decided(decide(state, both, asked, pacing, random));
      const leader = decision.award[0]?.bidder ?? "";
      if (n > 200 && leader === (context === "proofs" ? arm.id : own.id)) led[context]++;
      const worth = random() < (chance[context]?.[leader] ?? 0) ? 1 : 0;
      const outputTokens = leader === arm.id ? 3150 : 150;
      const told = report(decision, leader, worth, { outputTokens, costNano: (100 + outputTokens) * 1000 });
      learn(state, settlement([told], n, { features, atMs: nowMs }), both);
    }
    return Math.min(led.proofs, led.notes);
  });
  expect(right.filter((led) => led > 80).length, right.join(" ")).toBeGreaterThanOrEqual(9);
});
