import { describe, expect, it } from "vitest";
import { type Bidder, decide, emptyMarket, learn, type MarketState, seededRandom } from "../../src/market/market.ts";
import { maxBidders } from "../../src/market/state.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const named = (n: number, more: Partial<Bidder> = {}) =>
  Array.from({ length: n }, (_, i) => bidder(`p${i}/m`, 1, more));

/** Serves `n` jobs after those before; returns the share that those from `from` on led. */
function serve(state: MarketState, bidders: Bidder[], n: number, chance: (i: number) => number, from: number): number {
  const random = seededRandom(`many/${bidders.length}`);
  let late = 0;
  for (let t = 0; t < n; t++) {
    const nowMs = startMs + t * 1000;
    const d = decided(decide(state, bidders, request({ nowMs, strategy: "single" }), pacing, random));
    const leader = d.award[0]?.bidder ?? "";
    const i = bidders.findIndex((one) => one.id === leader);
    if (i >= from) late++;
    learn(state, settlement([report(d, leader, random() < chance(i) ? 1 : 0, { after: [] })], t), bidders);
  }
  return late / n;
}

const rowsOf = (state: MarketState) => state.kinds.answer?.rows.map((row) => row.bidder) ?? [];

describe("a market of more bidders than it has rows for", () => {
  it("does not put the bad ones forward because it never gets to know them", () => {
    const state = emptyMarket();
    const chance = (i: number) => (i >= 60 ? 0.2 : 0.85);
    serve(state, named(70), 1500, chance, 60);
    expect(serve(state, named(70), 1000, chance, 60)).toBeLessThan(0.1);
    expect(rowsOf(state).length).toBe(maxBidders);
  });

  it("gives one that ran the row of whom least is known", () => {
    const state = emptyMarket();
    const all = named(66);
    const d = decided(decide(state, all.slice(0, 2), request(), pacing, seededRandom("1")));
    for (let n = 0; n < 5; n++) learn(state, settlement([report(d, "p0/m", 1, { after: [] })], n), all);
    expect(rowsOf(state)).not.toContain("p65/m");
    learn(state, settlement([report(d, "p65/m", 1, { after: [] })], 6), all);
    expect(rowsOf(state)).toEqual(expect.arrayContaining(["p0/m", "p65/m"]));
    expect(rowsOf(state).length).toBe(maxBidders);
  });

  it("keeps no row for those that take part only by name, unless they ran, and none at the cost of others", () => {
    const state = emptyMarket();
    const shown = named(70, { onlyByName: true });
    const real = bidder("real/1", 1);
    const d = decided(decide(state, [real], request(), pacing, seededRandom("1")));
    learn(state, settlement([report(d, "real/1", 1)], 1), [...shown, real]);
    expect(rowsOf(state)).toEqual(["real/1"]);
    shown.forEach((one, n) => {
      learn(state, settlement([report(d, one.id, 1)], n + 2), [...shown, real]);
    });
    expect(rowsOf(state)).toContain("real/1");
    expect(rowsOf(state).length).toBe(maxBidders);
  });
});
