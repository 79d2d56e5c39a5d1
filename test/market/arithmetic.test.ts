import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawBeta } from "../../src/market/draw.ts";
import { exponential, logarithm, short, steps } from "../../src/market/elementary.ts";
import { seededRandom } from "../../src/market/market.ts";
import { normalCdf, normalQuantile } from "../../src/market/normal.ts";
import { engineTrace, goldenNumbers, repeats, sampledNumbers } from "./golden.ts";

describe("the sampler's own arithmetic", () => {
  it("no rounded number is -0: JSON would not keep it, and a replay would differ", () => {
    for (const x of [-0, -1e-20, -1e-30]) {
      expect(Object.is(steps(x, 1e9), 0)).toBe(true);
      expect(Object.is(short(x, 1), 0)).toBe(true);
    }
  });

  it("agrees with the platform's log and exp to 1e-13", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        expect(Math.abs(logarithm(x) - Math.log(x))).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(Math.log(x))));
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: -690, max: 690, noNaN: true }), (x) => {
        expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(1e-12);
      }),
    );
    expect(logarithm(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(logarithm(-1)).toBeNaN();
    expect(exponential(-1000)).toBe(0);
    expect(logarithm(5e-324)).toBeCloseTo(Math.log(5e-324), 9);
  });

  it("inverts the normal distribution function", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.0005, max: 0.9995, noNaN: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(1e-6);
      }),
    );
  });

  it("draws from Beta with the right mean and variance", () => {
    const random = seededRandom("beta");
    for (const [a, b] of [
      [0.3, 0.6],
      [2, 5],
      [40, 10],
    ] as const) {
      let sum = 0;
      let square = 0;
      const n = 20_000;
      for (let i = 0; i < n; i++) {
        const x = drawBeta(a, b, random);
        sum += x;
        square += x * x;
      }
      const mean = a / (a + b);
      const variance = (mean * (1 - mean)) / (a + b + 1);
      expect(Math.abs(sum / n - mean)).toBeLessThan(4 * Math.sqrt(variance / n));
      expect(Math.abs(square / n - (sum / n) ** 2 - variance)).toBeLessThan(0.1 * variance);
    }
  });

  it("is the same number on every engine", () => {
    // test/workers/arithmetic.test.ts holds workerd to the same.
    expect(sampledNumbers()).toEqual(goldenNumbers);
    const { decisions } = engineTrace();
    for (const stored of decisions) expect(repeats(stored), stored).toBe(true);
    expect(decisions.some((stored) => JSON.parse(stored).award.length > 1)).toBe(true);
  });

  it("rounds to significant digits and is idempotent", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (x) => {
        const once = short(x, 6);
        expect(Object.is(short(once, 6), once) || once === 0).toBe(true);
        if (Math.abs(x) > 1e-9) expect(Math.abs(once - x)).toBeLessThanOrEqual(1.01e-5 * Math.abs(x));
      }),
    );
    expect(short(Number.NaN)).toBe(0);
  });
});
