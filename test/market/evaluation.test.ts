import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coFailureLift } from "../../src/market/co-failure.ts";
import { decide, emptyMarket, learn, type MarketState, seededRandom, settlementsOf } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const two = [bidder("a/good", 1), bidder("b/poor", 1)];

function evaluated(rows: readonly unknown[], bidders = two, state: MarketState = emptyMarket()): MarketState {
  const { settlements, refused } = settlementsOf(rows, bidders, startMs);
  expect(refused).toEqual([]);
  for (const settlement of settlements) learn(state, settlement, bidders);
  return state;
}

const claims = (state: MarketState, context?: string) => {
  const features = { inputChars: 400, script: "latin", ...(context === undefined ? {} : { context }) };
  const { bids } = decided(decide(state, two, request({ features }), pacing, seededRandom("claims")));
  return Object.fromEntries(bids.map((bid) => [bid.bidder, bid]));
};

describe("an evaluation", () => {
  it("moves what bidders claim in its context to what they were seen to do", () => {
    const rows = Array.from({ length: 60 }, (_, n) => [
      { input: `q${n}`, bidder: "a/good", kind: "answer", context: "support/latin", good: n % 10 !== 0 },
      { input: `q${n}`, bidder: "b/poor", kind: "answer", context: "support/latin", good: n % 10 === 0 },
    ]).flat();
    const bids = claims(evaluated(rows), "support/latin");
    expect(bids["a/good"]?.accept.mean).toBeGreaterThan(0.82);
    expect(bids["b/poor"]?.accept.mean).toBeLessThan(0.18);
  });

  it("scores no claim, since nothing was bid, and takes its order for no change", () => {
    // All good ones first: in a stream of jobs that would be a collapse.
    const rows = Array.from({ length: 200 }, (_, n) => ({
      input: `q${n}`,
      bidder: "a/good",
      kind: "answer",
      good: n < 100,
    }));
    const kind = evaluated(rows).kinds.answer;
    const row = kind?.rows.find((one) => one.bidder === "a/good");
    expect(row?.claims).toBe(0);
    expect(kind?.calm).toBe(200);
    const [accepted = 0, rejected = 0] = kind?.columns[0]?.counts ?? [];
    expect(accepted / (accepted + rejected)).toBeCloseTo(0.5, 1);
  });

  it("teaches who fails on the same inputs, whichever came first", () => {
    const answers = (together: boolean) =>
      Array.from({ length: 400 }, (_, n) => [
        { input: `q${n}`, bidder: "a/good", kind: "answer", good: n % 2 === 0 },
        { input: `q${n}`, bidder: "b/poor", kind: "answer", good: n % 2 === (together ? 0 : 1) },
      ]).flat();
    const lift = (rows: readonly unknown[]) => {
      const kind = evaluated(rows).kinds.answer;
      return kind === undefined ? 1 : coFailureLift(kind, 0, 1);
    };
    expect(lift(answers(true))).toBeGreaterThan(1.2);
    expect(lift(answers(false))).toBeLessThan(0.7);
    expect(lift(answers(true).reverse())).toBeCloseTo(lift(answers(true)), 1);
  });

  it("teaches costs and times where it has them, and leaves them alone where not", () => {
    const row = (n: number, more: object) => ({
      input: `q${n}`,
      bidder: "a/good",
      kind: "answer",
      good: true,
      ...more,
    });
    const told = Array.from({ length: 40 }, (_, n) =>
      row(n, { inputChars: 400, inputTokens: 200, outputTokens: 700, totalMs: 9_000 }),
    );
    const before = claims(emptyMarket())["a/good"];
    const after = claims(evaluated(told))["a/good"];
    expect(after?.reasons.outputTokens).toBeGreaterThan(500);
    expect(after?.totalMs.p50).toBeGreaterThan(7_000);
    // The prompt came to twice the tokens that its length gives.
    const listed = (200 + Number(after?.reasons.outputTokens)) * 1_000;
    expect(after?.costNano).toBeGreaterThan(0.9 * listed);
    const silent = claims(evaluated(Array.from({ length: 40 }, (_, n) => row(n, {}))))["a/good"];
    expect(silent?.costNano).toBe(before?.costNano);
    expect(silent?.totalMs).toEqual(before?.totalMs);
  });

  it("says nothing of calls that fail, nor of what was billed: both stay as they were learned here", () => {
    const [able] = two;
    const state = emptyMarket();
    for (let n = 0; n < 60; n++) {
      const { bids } = decided(decide(state, two, request(), pacing, seededRandom(`n${n}`)));
      const mine = report({ bids } as never, "a/good", n % 3 === 0 ? null : 1, {
        ...(n % 3 === 0 ? { failure: "server-error" as const } : {}),
        // Twice the list price.
        costNano: 500_000,
      });
      learn(state, settlement([mine], n), two);
    }
    const shared = () => ({ ...state.shared.rows.find((row) => row.bidder === able?.id) });
    const before = shared();
    expect(before.bill).toBeGreaterThan(0.5);
    expect(before.failed).toBeGreaterThan(15);
    const rows = Array.from({ length: 500 }, (_, n) => ({
      input: `q${n}`,
      bidder: "a/good",
      kind: "answer",
      good: true,
      ...{ inputChars: 400, inputTokens: 100, outputTokens: 150 },
    }));
    evaluated(rows, two, state);
    const { bill, calls, failed } = shared();
    expect({ bill, calls, failed }).toEqual({ bill: before.bill, calls: before.calls, failed: before.failed });
  });

  it("teaches the costs of those whose tokens it has, whatever it lacks of others on the same input", () => {
    const told = Array.from({ length: 40 }, (_, n) => [
      ...[{ input: `q${n}`, bidder: "a/good", kind: "answer", good: true }],
      {
        input: `q${n}`,
        bidder: "b/poor",
        kind: "answer",
        good: true,
        inputChars: 9,
        inputTokens: 9,
        outputTokens: 900,
      },
    ]).flat();
    const rows = evaluated(told).kinds.answer?.rows ?? [];
    const tokens = Object.fromEntries(rows.map((row) => [row.bidder, row.tokens[0]]));
    expect(tokens).toMatchObject({ "a/good": 0, "b/poor": 40 });
  });

  it("makes a newcomer known: it needs no more trials than others", () => {
    const state = emptyMarket();
    const good = (id: string, from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => ({ input: `q${from + n}`, bidder: id, kind: "answer", good: true }));
    evaluated(good("a/good", 0, 300), two.slice(0, 1), state);
    const trials = () =>
      (decided(decide(state, two, request(), pacing, seededRandom("new"))).inputs as { floor: number }).floor;
    evaluated(good("b/poor", 300, 310), two, state);
    expect(trials()).toBeGreaterThan(0.04);
    evaluated(good("b/poor", 310, 500), two, state);
    expect(trials()).toBe(0.01);
  });

  it("refuses what cannot be, by row and field, and takes the rest", () => {
    const sound = { input: "q", bidder: "a/good", kind: "answer", good: true };
    const rows = [
      sound,
      { ...sound, bidder: "b/poor", good: 0.4 },
      sound,
      { ...sound, input: "" },
      { ...sound, bidder: "nobody" },
      { ...sound, kind: "nonsense" },
      { ...sound, input: "r", good: "yes" },
      { ...sound, input: "r", good: Number.NaN },
      { ...sound, input: "r", inputTokens: 3 },
      { ...sound, input: "r", inputTokens: 3, outputTokens: 4 },
      { ...sound, input: "r", inputChars: -1 },
      { ...sound, input: "r", totalMs: Number.POSITIVE_INFINITY },
      { ...sound, input: "r", context: "x".repeat(49) },
      null,
      { ...sound, bidder: { toString: 1 } },
      { ...sound, kind: { toString: 1 } },
      { ...sound, bidder: "n".repeat(100_000) },
    ];
    const { settlements, refused } = settlementsOf(rows, two, startMs);
    expect(settlements.map(({ attempts }) => attempts.length)).toEqual([2]);
    expect(refused.map(({ row, field }) => [row, field])).toEqual([
      [3, "bidder"],
      [4, "input"],
      [5, "bidder"],
      [6, "kind"],
      [7, "good"],
      [8, "good"],
      [9, "outputTokens"],
      [10, "outputTokens"],
      [11, "inputChars"],
      [12, "totalMs"],
      [13, "context"],
      [14, ""],
      [15, "bidder"],
      [16, "kind"],
      [17, "bidder"],
    ]);
    expect(Math.max(...refused.map(({ reason }) => reason.length))).toBeLessThan(100);
  });

  it("has one name for a row whatever stands beside it and before it, and another for any other", () => {
    const row = fc.record({
      input: fc.constantFrom("q1", "q2"),
      bidder: fc.constantFrom("a/good", "b/poor"),
      kind: fc.constantFrom("answer", "draft"),
      good: fc.boolean(),
      context: fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
    });
    const keysOf = (rows: readonly unknown[]) =>
      settlementsOf(rows, two, startMs).settlements.flatMap(({ attempts }) => attempts.map(({ attempt }) => attempt));
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: (r) => JSON.stringify({ ...r, good: 0 }), minLength: 1 }), (rows) => {
        const keys = keysOf(rows);
        expect(new Set(keys).size).toBe(rows.length);
        expect(rows.flatMap((one) => keysOf([one])).sort()).toEqual([...keys].sort());
        expect(keysOf([...rows].reverse()).sort()).toEqual([...keys].sort());
        const [first, ...rest] = rows;
        if (first === undefined) return;
        expect(keysOf([{ ...first, good: !first.good }, ...rest]).sort()).not.toEqual([...keys].sort());
      }),
    );
  });
});
