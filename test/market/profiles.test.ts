import { expect, it } from "vitest";
import { decide, emptyMarket, learn, profilesOf, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const two = [bidder("a/sql", 1), bidder("b/poems", 1), bidder("c/idle", 1)];

it("shows what is believed of each bidder in each context, and what its claims came to", () => {
  const state = emptyMarket();
  expect(profilesOf(state, two, startMs)).toEqual([]);
  const random = seededRandom("profiles");
  for (let n = 0; n < 80; n++) {
    const context = n % 4 === 0 ? "poems/latin" : "sql/latin";
    const features = { inputChars: 300, script: "latin", context };
    const made = decided(decide(state, two, request({ features }), pacing, random));
    const id = n % 2 === 0 ? "a/sql" : "b/poems";
    const worth = (id === "a/sql") === (context === "sql/latin") ? 1 : 0;
    learn(state, settlement([report(made, id, worth)], n, { features }), two);
  }
  const [answer, ...rest] = profilesOf(state, two, startMs + 80_000);
  expect(rest).toEqual([]);
  expect(answer?.kind).toBe("answer");
  expect(answer?.outcomes).toBeCloseTo(80, 0);
  expect(answer?.contexts.map((one) => one.context)).toEqual(["sql/latin", "poems/latin"]);
  expect(answer?.bidders.map((one) => one.bidder).sort()).toEqual(["a/sql", "b/poems"]);
  for (const one of answer?.bidders ?? []) {
    const [sql, poems] = one.contexts;
    if (one.bidder === "a/sql") expect(sql?.mean).toBeGreaterThan((poems?.mean ?? 1) + 0.4);
    for (const { mean, low, high } of one.contexts) {
      expect(low).toBeLessThanOrEqual(mean);
      expect(high).toBeGreaterThanOrEqual(mean);
    }
    expect(one.contexts.reduce((sum, { n }) => sum + n, 0)).toBeCloseTo(one.n, 0);
    expect(one.claims.reduce((sum, { n }) => sum + n, 0)).toBeCloseTo(40, 0);
    for (const { from, to, said } of one.claims) {
      expect(said).toBeGreaterThanOrEqual(from - 0.001);
      expect(said).toBeLessThanOrEqual(to + 0.001);
    }
  }
});

it("shows the most used contexts only, and the rest's by no name", () => {
  const state = emptyMarket();
  const random = seededRandom("rest");
  const made = decided(decide(state, two, request(), pacing, random));
  for (let n = 0; n < 400; n++) {
    const features = { inputChars: 300, script: "latin", context: n % 2 === 0 ? `once-${n}` : `use-${n % 30}` };
    learn(state, settlement([report(made, "a/sql", 1)], n, { features }), two);
  }
  const [answer] = profilesOf(state, two, startMs + 400_000);
  expect(answer?.contexts).toHaveLength(12);
  expect(answer?.contexts[0]?.context).toBe("");
  const outcomes = answer?.contexts.map((one) => one.outcomes) ?? [];
  expect(outcomes).toEqual([...outcomes].sort((a, b) => b - a));
});
