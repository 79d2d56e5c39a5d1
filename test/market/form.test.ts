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
