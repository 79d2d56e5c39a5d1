import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyKind, type Row } from "../../src/market/state.ts";
import { explorationFloor, isNewcomer, noTrials, temper, trialsOf } from "../../src/market/trial.ts";

const bid = fc.record({
  mean: fc.double({ min: 0.005, max: 0.995, noNaN: true }),
  strength: fc.double({ min: 1, max: 2000, noNaN: true }),
  newcomer: fc.constant(false),
  price: fc.double({ min: 0, max: 100, noNaN: true }),
  answers: fc.double({ min: 0, max: 1, noNaN: true }),
});
const known = { mean: 0.9, strength: 200, newcomer: false, price: 0.0001, answers: 1 };

describe("trials", () => {
  it("give everybody a part, a tenth of an even share at least if it could pay, and all shares together one", () => {
    fc.assert(
      fc.property(fc.array(bid, { minLength: 2, maxLength: 48 }), (bids) => {
        const { floor, trials } = trialsOf(bids);
        expect(floor).toBe(explorationFloor);
        expect(trials.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 3);
        const best = Math.max(...bids.map((one) => one.mean - one.price));
        bids.forEach((one, i) => {
          const least = 1 - one.price > best + 1e-9 ? 0.1 : 0.01;
          expect(trials[i]).toBeGreaterThanOrEqual(least / bids.length - 1e-6);
        });
      }),
    );
  });

  it("try the little known more than those known to be bad, and the cheap more than the dear", () => {
    const { trials } = trialsOf([
      known,
      { ...known, mean: 0.6, strength: 4 },
      { ...known, mean: 0.6 },
      { ...known, mean: 0.6, strength: 4, price: 0.05 },
    ]);
    const [, young = 0, bad = 0, dear = 0] = trials;
    expect(young).toBeGreaterThan(5 * bad);
    expect(young).toBeGreaterThan(3 * dear);
    expect(bad).toBeGreaterThan(0.1 / 4);
    expect(dear).toBeGreaterThan(0.1 / 4);
  });

  it("hardly go to who would be worth less than the best even if it were always right", () => {
    const priced = (price: number) =>
      trialsOf([known, known, { ...known, mean: 0.6, strength: 4, price }]).trials[2] ?? 0;
    expect(priced(0.09)).toBeGreaterThan(0.1 / 3);
    expect(priced(0.11)).toBeLessThan(0.5 * priced(0.09));
    expect(priced(50)).toBeGreaterThanOrEqual(0.01 / 3);
    expect(priced(50)).toBeLessThan(0.01);
  });

  it("go to newcomers mostly, the less the dearer they are", () => {
    const cheap = trialsOf([known, known, { ...known, strength: 3, newcomer: true }]);
    const dear = trialsOf([known, known, { ...known, strength: 3, newcomer: true, price: 1 }]);
    expect(cheap.trials[2]).toBeGreaterThan(0.8);
    expect(cheap.floor).toBeGreaterThan(0.1);
    expect(dear.floor).toBeLessThan(0.02);
  });

  it("are not spent on a newcomer that does not answer", () => {
    const { floor, trials } = trialsOf([known, known, { ...known, strength: 3, newcomer: true, answers: 0.01 }]);
    expect(floor).toBeLessThan(0.013);
    expect(floor * (trials[2] ?? 1)).toBeLessThan(0.005);
    expect(isNewcomer({ ...emptyKind(), outcomes: 500 }, undefined, 0)).toBe(true);
    const row = { since: 200, claims: 10 } as Row;
    expect(isNewcomer({ ...emptyKind(), outcomes: 500 }, row, 10)).toBe(true);
    expect(isNewcomer({ ...emptyKind(), outcomes: 500 }, row, 140)).toBe(false);
  });

  it("are not made where nobody else is there, nor after a rejection", () => {
    expect(trialsOf([known])).toEqual({ floor: 0, trials: [1] });
    // Too late for everybody: their parts are numbers still.
    const late = { ...known, answers: 0 };
    expect(trialsOf([late, late]).trials).toEqual([0.5, 0.5]);
    expect(noTrials(2)).toEqual({ floor: 0, trials: [0.5, 0.5] });
  });
});

describe("temper", () => {
  it("grows with what a context has shown, up to 20, and starts anew when the kind changes or the context is new", () => {
    expect(temper(0, 1000, false)).toBe(1);
    expect(temper(1000, 0, false)).toBe(1);
    expect(temper(1000, 1000, true)).toBe(1);
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(500), (calm, seen, more) => {
        const now = temper(calm, seen, false);
        expect(now).toBeGreaterThanOrEqual(1);
        expect(now).toBeLessThanOrEqual(20);
        expect(temper(calm + more, seen + more, false)).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});
