import { describe, expect, it } from "vitest";
import { feedbackCap } from "../../src/market/feedback-cap.ts";
import {
  decide,
  emptyMarket,
  learn,
  type MarketState,
  type Outcome,
  seededRandom,
  standing,
} from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs, truth } from "./setting.ts";

const two = [bidder("a/1", 1), bidder("b/2", 1)];
const anyDecision = decided(decide(emptyMarket(), two, request(), pacing, seededRandom("cap")));
const dayMs = 24 * 3600 * 1000;

/** A market that saw `a/1` accepted by criteria nine times in ten, 360 times. */
function settledMarket(): MarketState {
  const state = emptyMarket();
  for (let n = 0; n < 360; n++)
    learn(state, settlement([report(anyDecision, "a/1", n % 10 === 0 ? 0 : 1)], n, { tenant: `t${n % 7}` }), two);
  return state;
}

/** The market's claim for a/1, recalibrated, as the next decision would read it. */
const claim = (state: MarketState, atMs: number): number =>
  decided(decide(state, two, request({ nowMs: atMs }), pacing, seededRandom("claim"))).bids.find(
    (bid) => bid.bidder === "a/1",
  )?.accept.mean ?? 0;

let said = 0;
function say(state: MarketState, tenant: string, worth: number, atMs: number, source: Outcome["source"] = "feedback") {
  said++;
  const outcome: Outcome = { worth, source, reliability: truth };
  const one = settlement([report(anyDecision, "a/1", null, { outcome })], said, { tenant, atMs, again: true });
  learn(state, { ...one, key: `said/${said}` }, two);
}

const later = startMs + 1_000_000;
const counted = (state: MarketState): number =>
  (state.kinds.answer?.columns ?? []).reduce((sum, column) => sum + column.counts.reduce((x, y) => x + y, 0), 0);

describe("feedback of one tenant", () => {
  it("moves a bidder of 360 outcomes by at most 0.13, however often it is said, and of either source", () => {
    for (const source of ["feedback", "audit"] as const) {
      const state = settledMarket();
      const before = claim(state, later);
      expect(before).toBeGreaterThan(0.86);
      for (let n = 0; n < 1000; n++) say(state, "hostile", 0, later + n, source);
      const after = claim(state, later + 1000);
      expect(before - after).toBeGreaterThan(0.02);
      expect(before - after).toBeLessThan(0.13);
      expect(state.kinds.answer?.calm).toBeGreaterThan(360);
    }
  });

  it("does not keep ten honest tenants from moving it", () => {
    const state = settledMarket();
    const before = claim(state, later);
    for (let n = 0; n < 1000; n++) say(state, "hostile", 1, later + n);
    for (let n = 0; n < 400; n++) say(state, `honest-${n % 10}`, 0, later + 1000 + n);
    expect(before - claim(state, later + 1400)).toBeGreaterThan(0.3);
  });

  it("counts again as a day passes", () => {
    const state = settledMarket();
    for (let n = 0; n < 100; n++) say(state, "busy", 1, later);
    const full = state.kinds.answer?.outcomes ?? 0;
    expect(full).toBe(360 + feedbackCap);
    for (let n = 0; n < 100; n++) say(state, "busy", 1, later + dayMs);
    expect(state.kinds.answer?.outcomes).toBe(full + feedbackCap / 2);
  });

  it("holds whoever takes turns, in bounded room", () => {
    const state = settledMarket();
    // 300 names of one person: each new one starts with the count of the quietest.
    for (let n = 0; n < 3000; n++) say(state, `name-${n % 300}`, 1, later);
    expect((state.kinds.answer?.outcomes ?? 0) - 360).toBeLessThanOrEqual(64 * feedbackCap);
    expect(state.kinds.answer?.tellers?.said.length).toBe(64);
    expect(JSON.stringify(state.kinds.answer?.tellers).length).toBeLessThan(2048);
    expect(JSON.stringify(state)).not.toContain("name-1");
  });

  it("brings outcomes only: what was settled before is no second call", () => {
    const state = settledMarket();
    const [one] = two;
    if (!one) throw new Error("no bidder");
    const calls = standing(state, one, later).calls;
    const outcomes = counted(state);
    say(state, "t", 1, later);
    expect(standing(state, one, later).calls).toBe(calls);
    expect(counted(state)).toBeGreaterThan(outcomes);
  });
});
