import { describe, expect, it } from "vitest";
import { decide, emptyMarket, learn, type MarketState, seededRandom } from "../../src/market/market.ts";
import { surenessOf } from "../../src/market/sureness.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const two = [bidder("a/1", 1), bidder("b/2", 1)];
const anyDecision = decided(decide(emptyMarket(), two, request(), pacing, seededRandom("sure")));
const features = (short: boolean) => ({ inputChars: short ? 30 : 400, script: "latin" });
const rowOf = (state: MarketState) => state.kinds.answer?.rows.find((row) => row.bidder === "a/1");

/** a/1 names .5 on short inputs and .9 on others, and is right that often when `honest`; else always in 7 of 10. */
function taught(n: number, honest: boolean): MarketState {
  const state = emptyMarket();
  const random = seededRandom("sure");
  for (let at = 0; at < n; at++) {
    const short = at % 2 === 0;
    const confidence = short ? 0.5 : 0.9;
    const worth = random() < (honest ? confidence : 0.7) ? 1 : 0;
    const one = report(anyDecision, "a/1", worth, { confidence });
    learn(state, settlement([one], at, { features: features(short) }), two);
  }
  return state;
}

describe("a bidder's own confidence", () => {
  it("is kept as how much surer than usual it is, by length", () => {
    const row = rowOf(taught(200, true));
    expect(surenessOf(row, 0)).toBeLessThan(-0.15);
    expect(surenessOf(row, 1)).toBeGreaterThan(0.15);
    expect(surenessOf(row, 3)).toBe(0);
    expect(surenessOf(undefined, 0)).toBe(0);
  });

  it("gains weight only where it foretold acceptance", () => {
    const weight = (honest: boolean) => taught(300, honest).kinds.answer?.calibration.mean[4] ?? 0;
    expect(weight(true)).toBeGreaterThan(Math.abs(weight(false)) + 0.05);
  });

  it("is dropped when it is no probability, and moves nothing without a verdict but itself", () => {
    const state = emptyMarket();
    for (const confidence of [Number.NaN, -1, 2, null])
      learn(state, settlement([report(anyDecision, "a/1", 1, { confidence })], 1), two);
    expect(rowOf(state)?.sure).toBeUndefined();
    const before = JSON.stringify(state.kinds.answer?.calibration);
    const outcomes = state.kinds.answer?.outcomes;
    learn(state, settlement([report(anyDecision, "a/1", null, { confidence: 0.8 })], 2, { atMs: startMs + 9000 }), two);
    expect(rowOf(state)?.sure?.[3]).toBeCloseTo(0.8, 9);
    expect(state.kinds.answer?.outcomes).toBe(outcomes);
    expect(JSON.stringify(state.kinds.answer?.calibration)).toBe(before);
  });
});
