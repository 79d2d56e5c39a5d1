import { describe, expect, it } from "vitest";
import type { Bidder } from "../../src/market/bidder.ts";
import { decide, emptyMarket, learn, type MarketState, seededRandom } from "../../src/market/market.ts";
import { standing } from "../../src/market/standing.ts";
import { provenConfidence, surenessOf } from "../../src/market/sureness.ts";
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
    expect(rowOf(state)?.proved).toBeUndefined();
    const before = JSON.stringify(state.kinds.answer?.calibration);
    const outcomes = state.kinds.answer?.outcomes;
    learn(state, settlement([report(anyDecision, "a/1", null, { confidence: 0.8 })], 2, { atMs: startMs + 9000 }), two);
    expect(rowOf(state)?.sure?.[3]).toBeCloseTo(0.8, 9);
    expect(state.kinds.answer?.outcomes).toBe(outcomes);
    expect(JSON.stringify(state.kinds.answer?.calibration)).toBe(before);
  });

  it("is taken for what came of it, by other than its fellow bidders' word, and shown so", () => {
    const state = emptyMarket();
    const truth = { trueAccept: 1, trueReject: 1 };
    const tell = (at: number, source: "criteria" | "agreement") => {
      const one = report(anyDecision, "a/1", 0, { confidence: 0.9 });
      const outcome = { worth: at % 2, source, reliability: truth };
      learn(state, settlement([{ ...one, outcome }], at, { features: features(false) }), two);
    };
    for (let at = 0; at < 50; at++) tell(at, "agreement");
    expect(rowOf(state)?.proved).toBeUndefined();
    expect(standing(state, two[0] as Bidder, startMs).kinds[0]?.confidence).toBeUndefined();
    expect(provenConfidence(rowOf(state), 0.9)).toBeCloseTo(0.9, 9);
    for (let at = 50; at < 250; at++) tell(at, "criteria");
    const shown = standing(state, two[0] as Bidder, startMs).kinds[0]?.confidence;
    expect(shown).toMatchObject({ n: 200, said: 0.9 });
    expect(shown?.right).toBeCloseTo(0.5, 2);
    // Ten outcomes' worth of its word are left.
    expect(provenConfidence(rowOf(state), 0.9)).toBeLessThan(0.55);
    expect(provenConfidence(rowOf(state), 0.9)).toBeGreaterThan(0.49);
    expect(provenConfidence(rowOf(state), 0.6)).toBeLessThan(0.25);
    for (const none of [null, Number.NaN, -0.1, 1.1]) expect(provenConfidence(rowOf(state), none)).toBeNull();
  });
});
