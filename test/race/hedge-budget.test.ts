import fc from "fast-check";
import { expect, it } from "vitest";
import {
  callStarted,
  callTroubled,
  hedgeShare,
  hedgeStarted,
  mayHedge,
  newHedgeBudget,
} from "../../src/race/hedge-budget.ts";

it("never lets hedges exceed 5 % of calls and the one it starts with", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ gapMs: fc.nat(500), late: fc.boolean() }), { maxLength: 400 }), (calls) => {
      const budget = newHedgeBudget(0);
      let nowMs = 0;
      let hedges = 0;
      for (const [index, call] of calls.entries()) {
        nowMs += call.gapMs;
        callStarted(budget, nowMs);
        if (call.late && mayHedge(budget, nowMs)) {
          hedgeStarted(budget);
          hedges++;
        }
        expect(hedges).toBeLessThanOrEqual(1 + hedgeShare * (index + 1) + 1e-9);
      }
    }),
  );
});

it("shuts off in a brown-out of the whole fleet and comes back after it", () => {
  const budget = newHedgeBudget(0);
  const run = (fromMs: number, calls: number, troubledEvery: number) => {
    for (let call = 0; call < calls; call++) {
      callStarted(budget, fromMs + call * 100);
      if (call % troubledEvery === 0) callTroubled(budget, fromMs + call * 100);
    }
  };
  run(0, 200, 20);
  expect(mayHedge(budget, 20_000)).toBe(true);
  run(20_000, 400, 2);
  expect(mayHedge(budget, 60_000)).toBe(false);
  run(60_000, 3000, 20);
  expect(mayHedge(budget, 360_000)).toBe(true);
});
