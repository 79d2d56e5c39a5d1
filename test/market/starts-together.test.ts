import { describe, expect, it } from "vitest";
import { awardOf } from "../../src/market/award.ts";
import type { AwardInputs } from "../../src/market/award-inputs.ts";
import { explainDecision } from "../../src/market/explanation.ts";
import { decide, emptyMarket, replay, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, request } from "./setting.ts";

const slow = { expected: { firstTokenMs: 800, tokensPerSecond: 30 } };
const market = ["a/1", "b/2", "c/3"].map((id) => bidder(id, 1, slow));
const ask = (seed: number, more: Parameters<typeof request>[0]) =>
  decide(emptyMarket(), market, request(more), pacing, seededRandom(`together/${seed}`));

describe("a second that starts with the leader in auto", () => {
  it("is bought where waiting for a rejection costs more than its answer, and said so", () => {
    let together = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const fast = decided(ask(seed, { policy: "fast" }));
      if (fast.award[1]?.role !== "parallel") continue;
      together++;
      expect(fast.award.map((place) => place.startAfterMs)).toEqual([0, 0]);
      expect(explainDecision(fast).sentences.join(" ")).toMatch(/start together.*cost more in waiting/);
      expect(replay(JSON.parse(JSON.stringify(fast))).award).toEqual(fast.award);
    }
    // Elsewhere the draws found no second one worth asking at all.
    expect(together).toBeGreaterThan(15);
  });

  it("is not bought where time has no price, nor where nothing can be rejected", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const patient = decided(ask(seed, { policy: "balanced" }));
      const lenient = decided(ask(seed, { policy: "fast", verdict: { trueAccept: 1, trueReject: 0, costNano: 0 } }));
      for (const { award } of [patient, lenient]) expect(award.some((place) => place.role === "parallel")).toBe(false);
    }
  });

  it("is not started on the machine that the leader runs on, though it costs nothing; elsewhere it is", () => {
    const togetherAt = (ids: string[], price: number) => {
      const among = ids.map((id) => bidder(id, price, slow));
      let together = 0;
      for (let seed = 1; seed <= 40; seed++) {
        const verdict = { trueAccept: 1, trueReject: 1, costNano: 0 };
        const d = decided(
          decide(emptyMarket(), among, request({ policy: "fast", verdict }), pacing, seededRandom(`own/${seed}`)),
        );
        if (d.award.some((place) => place.role === "parallel")) together++;
        expect(replay(JSON.parse(JSON.stringify(d))).award).toEqual(d.award);
        // Decisions of before are replayed as they were made.
        const before = awardOf(d.bids, { ...(d.inputs as AwardInputs), rules: 3 }, d).award;
        if (ids[0]?.split("/")[0] !== ids[1]?.split("/")[0]) expect(before).toEqual(d.award);
      }
      return together;
    };
    expect(togetherAt(["local/small", "local/large"], 0)).toBe(0);
    expect(togetherAt(["local/small", "other/large"], 0)).toBeGreaterThan(15);
    expect(togetherAt(["cloud/small", "cloud/large"], 1)).toBeGreaterThan(0);
  });

  it("stays within the budget", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const one = decided(ask(seed, { policy: "fast" })).bids[0]?.costNano ?? 0;
      const poor = decided(ask(seed, { policy: "fast", budgetNano: Math.round(1.5 * one) }));
      expect(poor.award.filter((place) => place.startAfterMs === 0)).toHaveLength(1);
    }
  });
});

describe("the only one left after a rejection", () => {
  const left = { tried: [{ bidder: "a/1", how: "rejected" as const }], allowed: ["a/1", "b/2"] };

  it("is asked while its answer is believed worth its cost, however unlucky its draw", () => {
    let unlucky = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const d = decided(ask(seed, left));
      expect(d.award[0]?.bidder).toBe("b/2");
      if ((d.bids[0]?.score ?? 0) < 0) unlucky++;
      // What decisions of before did with the same numbers.
      const { rules: _, ...inputs } = d.inputs as AwardInputs;
      if ((d.bids[0]?.score ?? 0) < 0) expect(awardOf(d.bids, { ...inputs, rules: 2 }, d).award).toEqual([]);
    }
    expect(unlucky).toBeGreaterThan(0);
  });

  it("is not asked when it is believed to be worth less than it costs", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const cost = decided(ask(seed, left)).bids[0]?.costNano ?? 0;
      expect(ask(seed, { ...left, valueNano: Math.round(0.5 * cost) })).toMatchObject({ field: "valueNano" });
    }
  });
});
