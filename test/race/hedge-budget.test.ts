import fc from "fast-check";
import { expect, it } from "vitest";
import {
  callStarted,
  callTroubled,
  firstTokenWaited,
  hedgeAfterMs,
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

it("learns the wait that about one call in 23 exceeds, and spends it on the longest waits", () => {
  fc.assert(
    fc.property(fc.double({ min: 50, max: 5_000, noNaN: true }), fc.integer({ min: 1, max: 1_000 }), (median, seed) => {
      const budget = newHedgeBudget(0);
      expect(hedgeAfterMs(budget, 1_234)).toBe(1_234);
      let state = seed;
      const uniform = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return (state + 0.5) / 4_294_967_296;
      };
      // A log-normal wait; calls beyond the patience are only known to have waited that long.
      for (let call = 0; call < 8_000; call++) {
        const waited = median * Math.exp(0.8 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
        const after = hedgeAfterMs(budget, 10 * median);
        firstTokenWaited(budget, Math.min(waited, after), waited > after);
      }
      const patience = hedgeAfterMs(budget, 0) / median;
      // 95.6th percentile of exp(0.8 N): exp(0.8 x 1.706) = 3.92.
      expect(patience).toBeGreaterThan(3);
      expect(patience).toBeLessThan(5.1);
    }),
    { numRuns: 20 },
  );
});
