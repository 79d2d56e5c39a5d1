import { describe, expect, it } from "vitest";
import { settlementsOf } from "../../src/market/evaluation.ts";
import { decide, emptyMarket, seededRandom, seedPriors } from "../../src/market/market.ts";
import { bidder, decided, pacing, request, startMs } from "./setting.ts";

const three = [bidder("a/known", 1), bidder("a/kin", 1), bidder("z/stranger", 1)];

describe("seedPriors", () => {
  it("moves the bids of the bidder, and of its kin less, in every context", () => {
    const state = emptyMarket();
    expect(seedPriors(state, [{ bidder: "a/known", kind: "answer", accepted: 20, n: 400 }], three, startMs)).toEqual({
      taken: 1,
      refused: [],
    });
    const d = decided(decide(state, three, request(), pacing, seededRandom("seed")));
    const claim = (id: string) => d.bids.find((bid) => bid.bidder === id)?.accept.mean ?? 1;
    expect(claim("a/known")).toBeLessThan(0.3);
    expect(claim("a/kin")).toBeLessThan(claim("z/stranger"));
  });

  it("refuses what cannot be, by row and field, and takes the rest", () => {
    const rows = [
      { bidder: "a/known", kind: "answer", accepted: 5, n: 3 },
      { bidder: "a/known", kind: "answer", accepted: -1, n: 3 },
      { bidder: "a/known", kind: "nonsense", accepted: 1, n: 3 },
      { bidder: "nobody", kind: "answer", accepted: 1, n: 3 },
      { bidder: "a/known", kind: "answer", accepted: 1, n: Number.NaN },
      "text",
      { bidder: "a/kin", kind: "answer", context: "latin", accepted: 2, n: 3 },
    ];
    const { taken, refused } = seedPriors(emptyMarket(), rows, three, startMs);
    expect(taken).toBe(1);
    expect(refused.map((one) => [one.row, one.field])).toEqual([
      [1, "accepted"],
      [2, "accepted"],
      [3, "kind"],
      [4, "bidder"],
      [5, "n"],
      [6, ""],
    ]);
  });

  it("takes no row for a kind that its bidder does not serve, told as counts or as outcomes", () => {
    const spam = [bidder("e/spam", 0, { serves: ["spam"] })];
    const state = emptyMarket();
    const row = { bidder: "e/spam", kind: "answer", accepted: 1, n: 2, input: "q", good: true };
    const refused = [{ row: 1, field: "kind", reason: "e/spam does not serve answer" }];
    expect(seedPriors(state, [row], spam, startMs)).toEqual({ taken: 0, refused });
    expect(settlementsOf([row], spam, startMs)).toEqual({ settlements: [], refused });
    expect(state).toEqual(emptyMarket());
    expect(seedPriors(state, [{ ...row, kind: "spam" }], spam, startMs).taken).toBe(1);
  });

  it("says what it read where a number is too large for JSON", () => {
    const { refused } = seedPriors(
      emptyMarket(),
      JSON.parse('[{"bidder":"a/kin","kind":"answer","accepted":1,"n":1e999}]'),
      three,
      startMs,
    );
    expect(refused).toEqual([{ row: 1, field: "n", reason: "Infinity is not a count" }]);
  });

  it("counts 30 observations at most, however often it is told", () => {
    const state = emptyMarket();
    const row = { bidder: "a/1", kind: "answer", context: "support/latin", accepted: 60, n: 100 };
    const bidders = [bidder("a/1", 1)];
    const first = seedPriors(state, Array(3).fill(row), bidders, startMs);
    expect(first.taken).toBe(1);
    expect(first.refused.map((one) => [one.row, one.field])).toEqual([
      [2, "bidder"],
      [3, "bidder"],
    ]);
    for (let n = 0; n < 5; n++) seedPriors(state, [row], bidders, startMs);
    expect(state.kinds.answer?.columns[0]?.counts).toEqual([18, 12]);
  });
});
