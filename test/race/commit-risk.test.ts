import fc from "fast-check";
import { expect, it } from "vitest";
import { breakRisk, type CommitRisk, learnBreak, quarterOf } from "../../src/race/commit-risk.ts";

it("is too unsure to commit before it has seen whole answers", () => {
  expect(breakRisk({}, ["criteria/1"], 1)).toBeCloseTo(2.64 / 50, 6);
  expect(breakRisk({}, [], 1)).toBe(0);
});

it("stays at or a little above the share that broke, by quarter, and joins criteria", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), (perHundred) => {
      const risk: CommitRisk = {};
      for (let answer = 0; answer < 20_000; answer++) {
        learnBreak(risk, "criteria/1", 2, answer % 100 < perHundred);
        learnBreak(risk, "criteria/2", 2, false);
      }
      expect(breakRisk(risk, ["criteria/1"], 2)).toBeGreaterThanOrEqual(perHundred / 100 - 0.001);
      expect(breakRisk(risk, ["criteria/1"], 2)).toBeLessThan(perHundred / 100 + 0.013);
      expect(breakRisk(risk, ["criteria/1", "criteria/2"], 2)).toBeGreaterThanOrEqual(
        breakRisk(risk, ["criteria/1"], 2),
      );
      expect(breakRisk(risk, ["criteria/1"], 0)).toBeCloseTo(2.64 / 50, 6);
    }),
    { numRuns: 20 },
  );
});

it("names the quarter of the expected length, the last for all beyond", () => {
  expect([0, 74, 75, 299, 300, 900].map((tokens) => quarterOf(tokens, 300))).toEqual([0, 0, 1, 3, 3, 3]);
});
