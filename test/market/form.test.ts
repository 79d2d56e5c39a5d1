import { describe, expect, it } from "vitest";
import { decide, emptyMarket, learn, type MarketState, type Outcome, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs, truth } from "./setting.ts";

const two = [bidder("a/1", 1), bidder("b/2", 2)];
const anyDecision = decided(decide(emptyMarket(), two, request(), pacing, seededRandom("form")));
const bidOf = (state: MarketState, at: number) =>
  decided(decide(state, two, request({ nowMs: startMs + at * 1000 }), pacing, seededRandom("bid"))).bids.find(
    (bid) => bid.bidder === "a/1",
  );
const formal = (worth: number): Outcome => ({ worth, source: "criteria", reliability: truth, weight: 0.25 });

/** Jobs of which every tenth answer breaks the form that is all they ask for; `said`: what a person says of the others. */
function served(jobs: number, said: number | null): MarketState {
  const state = emptyMarket();
  for (let n = 1; n <= jobs; n++) {
    const worth = n % 10 === 0 ? 0 : 1;
    learn(state, settlement([report(anyDecision, "a/1", null, { outcome: formal(worth) })], n), two);
    if (said === null || worth === 0) continue;
    const outcome: Outcome = { worth: said, source: "feedback", reliability: truth, instead: { worth, weight: 0.25 } };
    const word = settlement([report(anyDecision, "a/1", null, { outcome })], n, { again: true, trusted: true });
    learn(state, { ...word, key: `word/${n}` }, two);
  }
  return state;
}

describe("answers of which only a form is asked", () => {
  it("do not make a bidder look worse with each job: it is believed in as often as its answers have it", () => {
    for (const jobs of [40, 200, 600]) {
      const mean = bidOf(served(jobs, null), jobs)?.accept.mean ?? 0;
      expect(mean, `after ${jobs}`).toBeGreaterThan(0.82);
      expect(mean, `after ${jobs}`).toBeLessThan(0.95);
    }
  });

  it("weigh a quarter of what is known to be right", () => {
    const n = Number(bidOf(served(200, null), 200)?.reasons.n);
    expect(n).toBeGreaterThan(40);
    expect(n).toBeLessThan(60);
  });

  it("give way to what a person says of them", () => {
    expect(bidOf(served(100, 0), 100)?.accept.mean).toBeLessThan(0.15);
    expect(bidOf(served(100, 1), 100)?.accept.mean).toBeGreaterThan(0.85);
    // Ninety words and ten broken forms: nothing of the ninety forms is left beside them.
    const n = Number(bidOf(served(100, 1), 100)?.reasons.n);
    expect(n).toBeGreaterThan(88);
    expect(n).toBeLessThan(96);
  });
});

describe("answers to a closed question that name no label", () => {
  const askedFor = (context: string, at: number) =>
    request({
      kind: "classify",
      closed: true,
      nowMs: startMs + at * 1000,
      features: { inputChars: 400, script: "latin", context },
    });
  const claims = (state: MarketState, context: string, at: number) =>
    decided(decide(state, two, askedFor(context, at), pacing, seededRandom("bid"))).bids.find(
      (bid) => bid.bidder === "a/1",
    )?.accept.mean ?? 0;
  const told = (state: MarketState, context: string, n: number, more: object) => {
    const features = { inputChars: 400, script: "latin", context };
    learn(state, settlement([report(anyDecision, "a/1", null, more)], n, { kind: "classify", features }), two);
  };

  it("lower what a bidder is believed to do in that context, and nowhere else", () => {
    const state = emptyMarket();
    for (let n = 1; n <= 60; n++) for (const context of ["prose", "labels"]) told(state, context, n, {});
    const before = claims(state, "labels", 60);
    for (let n = 61; n <= 160; n++) told(state, "prose", n, { unreadable: true });
    expect(claims(state, "prose", 160)).toBeLessThan(0.4 * before);
    expect(claims(state, "labels", 160)).toBeCloseTo(before, 2);
    const draft = decided(decide(state, two, request({ kind: "draft" }), pacing, seededRandom("bid"))).bids[0];
    expect(draft?.accept.mean).toBeGreaterThan(0.5);
    // It may learn to: what it was is forgotten.
    for (let n = 161; n <= 760; n++) told(state, "prose", n, {});
    expect(claims(state, "prose", 760)).toBeGreaterThan(0.8 * before);
  });

  it("leave nothing behind in a context where all can be read", () => {
    const state = emptyMarket();
    for (let n = 1; n <= 20; n++) told(state, "labels", n, {});
    expect(JSON.stringify(state)).not.toContain("unread");
  });
});
