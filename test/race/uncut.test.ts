import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slopeAt, type UncutEvidence, uncutLength } from "../../src/race/uncut.ts";

const known = (change: Partial<UncutEvidence> = {}): UncutEvidence => ({
  expectedTokens: 233,
  boundTokens: 600,
  winner: null,
  ...change,
});

describe("how long a cut attempt would have been", () => {
  it("is what its bid expected while nobody has won, and never more than it could have been", () => {
    expect(uncutLength(known(), 26)).toEqual({ tokens: 233, from: "bid" });
    expect(uncutLength(known({ boundTokens: 150 }), 26)).toEqual({ tokens: 150, from: "bound" });
    expect(uncutLength(known(), 300)).toEqual({ tokens: 300, from: "seen" });
    expect(uncutLength(known({ expectedTokens: 0 }), 26).from).toBe("seen");
  });

  it("goes with the winner's length: nearly all the way where bids know nothing, by their correlation where they do", () => {
    const winner = { tokens: 56, expectedTokens: 233, outcomes: 0 };
    const fresh = uncutLength(known({ winner }), 26);
    expect(fresh).toMatchObject({ from: "winner", winnerTokens: 56 });
    expect(fresh.tokens).toBeGreaterThan(56);
    expect(fresh.tokens).toBeLessThan(75);
    const taught = uncutLength(known({ winner: { ...winner, outcomes: 300 } }), 26);
    expect(taught.tokens).toBeGreaterThan(fresh.tokens);
    expect(taught.tokens).toBeLessThan(125);
    // A winner as long as its bid expected says nothing new.
    expect(uncutLength(known({ winner: { ...winner, tokens: 233 } }), 26).tokens).toBe(233);
  });

  it("is bounded, and grows with the winner, the bid and the bound alike", () => {
    const length = fc.integer({ min: 0, max: 4_000 });
    const some = fc.integer({ min: 1, max: 4_000 });
    fc.assert(
      fc.property(length, length, some, some, fc.nat(300), some, (seen, expectedTokens, bound, won, outcomes, of) => {
        const winner = { tokens: won, expectedTokens: of, outcomes };
        const of1 = (change: Partial<UncutEvidence>) =>
          uncutLength({ expectedTokens, boundTokens: bound, winner, ...change }, seen).tokens;
        const { tokens } = uncutLength({ expectedTokens, boundTokens: bound, winner }, seen);
        expect(tokens).toBeGreaterThanOrEqual(seen);
        expect(tokens).toBeLessThanOrEqual(Math.max(seen, bound));
        expect(of1({ winner: { ...winner, tokens: won + 10 } })).toBeGreaterThanOrEqual(
          expectedTokens === 0 ? seen : tokens,
        );
        expect(of1({ expectedTokens: expectedTokens + 10 })).toBeGreaterThanOrEqual(tokens);
        expect(of1({ boundTokens: bound + 10 })).toBeGreaterThanOrEqual(tokens);
      }),
    );
    expect(slopeAt(0)).toBeCloseTo(0.855, 2);
    expect(slopeAt(1e9)).toBeCloseTo(0.594, 2);
  });
});
