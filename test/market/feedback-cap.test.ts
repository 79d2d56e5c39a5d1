import { describe, expect, it } from "vitest";
import { feedbackCap } from "../../src/market/feedback-cap.ts";
import {
  decide,
  emptyMarket,
  judgeProfileOf,
  learn,
  type MarketState,
  type Outcome,
  ratesOf,
  reliabilityOf,
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

describe("the operator's word", () => {
  it("counts as often as it is said, where a tenant's ends at its cap", () => {
    const outcomes = (trusted: object) => {
      const state = settledMarket();
      for (let n = 0; n < 200; n++) {
        const outcome: Outcome = { worth: 0, source: "feedback", reliability: truth };
        const told = settlement([report(anyDecision, "a/1", null, { outcome })], 0, { tenant: "t", atMs: later });
        learn(state, { ...told, key: `word/${n}`, again: true, ...trusted }, two);
      }
      return state.kinds.answer?.outcomes ?? 0;
    };
    expect(outcomes({})).toBe(360 + feedbackCap);
    expect(outcomes({ trusted: true })).toBe(360 + 200);
  });
});

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

  it("leaves a judge and agreement standing that its word alone speaks against", () => {
    const state = settledMarket();
    const judge = "j/judge";
    const random = seededRandom("judge");
    for (let n = 0; n < 300; n++) {
      const good = random() < 0.7;
      const said = random() < (good ? 0.93 : 0.12) ? ("accept" as const) : ("reject" as const);
      const lesson = { about: "verdict" as const, said, good, weight: 0.99 };
      learn(state, settlement([], n, { atMs: later, judges: [{ judge, lesson }] }), two);
    }
    const honest = ratesOf(judgeProfileOf(state.judges, judge));
    for (let n = 0; n < 1000; n++) {
      const lesson = { about: "verdict" as const, said: "accept" as const, good: false, weight: 0.99 };
      const against = { source: "agreement" as const, worth: 0 };
      const outcome: Outcome = { worth: 1, source: "feedback", reliability: truth, against };
      const attempts = [report(anyDecision, "a/1", null, { outcome })];
      const told = { tenant: "hostile", again: true, atMs: later + n, judges: [{ judge, lesson }] };
      learn(state, settlement(attempts, n, told), two);
    }
    const rates = ratesOf(judgeProfileOf(state.judges, judge));
    expect(rates.trueReject).toBeLessThan(honest.trueReject);
    expect(rates.trueAccept + rates.trueReject).toBeGreaterThan(1.4);
    expect(reliabilityOf(state, "agreement").trueAccept).toBeGreaterThan(0.55);
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
