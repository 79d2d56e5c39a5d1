import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/market/market.ts";
import { latencyStep, pacingStep } from "../../src/market/pacing.ts";

describe("pacing", () => {
  it("raises the multiplier when more was spent than allowed, and lowers it when less", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 1, max: 1e9 }),
        (m, spent, allowed) => {
          const next = pacingStep(m, spent, allowed);
          expect(Math.sign(next - m)).toBe(Math.sign(spent - allowed));
        },
      ),
    );
    expect(pacingStep(1, 5, 0)).toBe(10_000);
    expect(latencyStep(0.01, 2000, 1000)).toBeGreaterThan(0.01);
  });

  it("settles where heavy-tailed spending meets the allowance", () => {
    const random = seededRandom("pace");
    let multiplier = 1;
    let spent = 0;
    for (let n = 0; n < 4000; n++) {
      const cost = (random() < 0.1 ? 8 : 0.4) * (1000 / multiplier);
      if (n >= 1000) spent += cost;
      multiplier = pacingStep(multiplier, cost, 500);
    }
    expect(Math.abs(spent / 3000 / 500 - 1)).toBeLessThan(0.05);
  });
});
