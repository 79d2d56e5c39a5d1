import { describe, expect, it } from "vitest";
import type { AwardInputs } from "../../src/market/award.ts";
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

const differs = (decision: Decision, id: string | undefined) => {
  const [leader, other] = [of(decision.award[0]?.bidder), of(id)];
  return leader?.provider !== other?.provider && leader?.model !== other?.model;
};

describe("who hedges and who stands by", () => {
  it("hedges with one of another model and provider where the line-up has one", () => {
    let moved = 0;
    let hedged = 0;
    for (const d of decisions(1)) {
      const hedge = d.award.find((place) => place.role === "hedge");
      const rest = d.award.slice(1);
      if (rest.some((place) => differs(d, place.bidder))) {
        expect(differs(d, hedge?.bidder)).toBe(true);
        hedged++;
      } else if (hedge !== undefined) expect(of(hedge.bidder)?.provider).not.toBe(of(d.award[0]?.bidder)?.provider);
      const old = replay(asStored(d)).award;
      expect(old.map((place) => place.bidder)).toEqual(d.award.map((place) => place.bidder));
      if (old.find((place) => place.role === "hedge")?.bidder !== hedge?.bidder) moved++;
    }
    expect(hedged).toBeGreaterThan(10);
    expect(moved).toBeGreaterThan(0);
  });

  it("lets one of another model and provider stand by where no verdict can reject", () => {
    let moved = 0;
    for (const d of decisions(0)) {
      expect(d.award).toHaveLength(2);
      expect(differs(d, d.award[1]?.bidder)).toBe(true);
      const [, old] = replay(asStored(d)).award;
      expect(of(old?.bidder)?.provider).not.toBe(of(d.award[0]?.bidder)?.provider);
      if (old?.bidder !== d.award[1]?.bidder) moved++;
    }
    expect(moved).toBeGreaterThan(0);
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
