import { describe, expect, it } from "vitest";
import { type Bidder, decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

/** Serves `n` tasks of one kind; returns who led each. `chance` gives a bidder's acceptance. */
function serve(seed: string, phases: { n: number; bidders: Bidder[]; chance: Record<string, number> }[]): string[][] {
  const state = emptyMarket();
  const random = seededRandom(seed);
  let at = 0;
  return phases.map(({ n, bidders, chance }) =>
    Array.from({ length: n }, () => {
      at++;
      const nowMs = startMs + at * 1000;
      const d = decided(decide(state, bidders, request({ nowMs, maxAttempts: 1 }), pacing, random));
      const leader = d.award[0]?.bidder ?? "";
      const worth = random() < (chance[leader] ?? 0) ? 1 : 0;
      learn(state, settlement([report(d, leader, worth)], at, { atMs: nowMs }), bidders);
      return leader;
    }),
  );
}

const share = (list: string[], id: string): number => list.filter((one) => one === id).length / list.length;

describe("a market that changes", () => {
  const five = ["a/1", "b/2", "c/3", "d/4", "e/5"].map((id) => bidder(id, 1));
  const chance = { "a/1": 0.85, "b/2": 0.78, "c/3": 0.75, "d/4": 0.7, "e/5": 0.6 };

  it("takes first places from a bidder whose acceptance drops by 0.25, within 100 decisions, on 9 of 10 seeds", () => {
    const shares = seeds.map((seed) => {
      const [, , after] = serve(`drop/${seed}`, [
        { n: 300, bidders: five, chance },
        { n: 100, bidders: five, chance: { ...chance, "a/1": 0.6 } },
        { n: 50, bidders: five, chance: { ...chance, "a/1": 0.6 } },
      ]);
      return share(after ?? [], "a/1");
    });
    expect(shares.filter((s) => s < 0.1).length, shares.join(" ")).toBeGreaterThanOrEqual(9);
  });

  it("gives more than half of first places to a newcomer better by 0.05 at equal price, within 150 decisions, on 9 of 10 seeds", () => {
    const six = [...five, bidder("f/6", 1)];
    const shares = seeds.map((seed) => {
      const [, , after] = serve(`new/${seed}`, [
        { n: 300, bidders: five, chance },
        { n: 100, bidders: six, chance: { ...chance, "f/6": 0.9 } },
        { n: 50, bidders: six, chance: { ...chance, "f/6": 0.9 } },
      ]);
      return share(after ?? [], "f/6");
    });
    expect(shares.filter((s) => s > 0.5).length, shares.join(" ")).toBeGreaterThanOrEqual(9);
  });
});

describe("a change that one context alone shows", () => {
  it("is believed there and leaves the bidder's record elsewhere as it was", () => {
    const two = [bidder("a/1", 1), bidder("b/2", 1.5)];
    const state = emptyMarket();
    const random = seededRandom("elsewhere");
    const d = decided(decide(state, two, request(), pacing, random));
    const contexts = ["one", "two", "three", "four"];
    let at = 0;
    const tell = (context: string, worth: number) => {
      at++;
      const features = { inputChars: 400, script: "latin", context };
      learn(state, settlement([report(d, "a/1", worth, { after: [] })], at, { features }), two);
    };
    const claim = (context: string) => {
      const features = { inputChars: 400, script: "latin", context };
      const asked = request({ nowMs: startMs + at * 1000, features });
      return decided(decide(state, two, asked, pacing, seededRandom("claim"))).bids[0];
    };
    for (let n = 0; n < 800; n++) tell(contexts[n % 4] ?? "", random() < 0.92 ? 1 : 0);
    for (let n = 0; n < 25; n++) tell("odd", 1);
    const before = claim("one");
    for (let n = 0; n < 40; n++) tell("odd", 0);
    expect(claim("odd")?.accept.mean).toBeLessThan(0.5);
    const after = claim("one");
    expect((before?.accept.mean ?? 0) - (after?.accept.mean ?? 0)).toBeLessThan(0.05);
    expect(after?.reasons.n).toBeGreaterThan(150);
  });
});
