import { describe, expect, it } from "vitest";
import type { AwardInputs } from "../../src/market/award-inputs.ts";
import { type Decision, decide, emptyMarket, replay, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, request } from "./setting.ts";

/** One model at three providers, and others elsewhere that cost a little more. */
const market = [
  bidder("a/large", 1, { model: "large" }),
  bidder("b/large", 1, { model: "large" }),
  bidder("b/other", 1.2),
  bidder("c/third", 1.3),
];
const of = (id: string | undefined) => market.find((one) => one.id === id);

function decisions(trueReject: number): Decision[] {
  return Array.from({ length: 60 }, (_, seed) =>
    decided(
      decide(
        emptyMarket(),
        market,
        request({ valueNano: 1e9, verdict: { trueAccept: 1, trueReject, costNano: 0 } }),
        pacing,
        seededRandom(`hedge ${seed}`),
      ),
    ),
  );
}

/** The same decision as it was stored before there were rules in it. */
function asStored(decision: Decision): Decision {
  const { rules: _, ...inputs } = decision.inputs as AwardInputs;
  return { ...decision, inputs };
}

describe("who hedges and who stands by", () => {
  it("hedges at another provider, with one whose answer is worth it, beside the sequence and within four places", () => {
    for (const d of [...decisions(1), ...decisions(0)]) {
      const leader = d.bids.find((bid) => bid.bidder === d.award[0]?.bidder);
      const hedges = d.award.filter((place) => place.role === "hedge");
      expect(d.award.length).toBeLessThanOrEqual(4);
      expect(new Set(d.award.map((place) => place.bidder)).size).toBe(d.award.length);
      for (const { bidder: id } of hedges) {
        expect(of(id)?.provider).not.toBe(of(leader?.bidder)?.provider);
        const mean = d.bids.find((bid) => bid.bidder === id)?.accept.mean ?? 0;
        expect(mean).toBeGreaterThanOrEqual(0.9 * (leader?.accept.mean ?? 1));
      }
    }
  });

  it("takes another provider of the same model when there is nobody else", () => {
    const same = market.slice(0, 2);
    const d = decided(decide(emptyMarket(), same, request({ valueNano: 1e9 }), pacing, seededRandom("same")));
    expect(d.award.map((place) => place.role)).toEqual(["leader", "hedge"]);
  });

  it("replays a decision by the rules it was made by", () => {
    for (const d of [...decisions(1), ...decisions(0)]) {
      expect(replay(JSON.parse(JSON.stringify(d))).award).toEqual(d.award);
      const old = replay(asStored(d)).award;
      // Before, only the second place could hedge, by its provider alone.
      expect(old.findIndex((place) => place.role === "hedge")).toBeLessThan(2);
      const second = of(old[1]?.bidder)?.provider;
      if (old[1] !== undefined) expect(old[1].role === "hedge").toBe(second !== of(old[0]?.bidder)?.provider);
    }
  });
});
