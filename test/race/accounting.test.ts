import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CutFacts, cutAccount } from "../../src/race/accounting.ts";

const facts = (change: Partial<CutFacts> = {}): CutFacts => ({
  price: { inputPerMtok: 1_000_000_000, outputPerMtok: 4_000_000_000 },
  inputTokens: 100,
  tokensSeen: 50,
  expectedTokens: 300,
  boundTokens: 1000,
  winner: null,
  maxOutputTokens: 1000,
  cancelStopsBill: true,
  usage: null,
  ...change,
});

describe("account of a cut", () => {
  it("counts what was seen where the cut stops the bill", () => {
    expect(cutAccount(facts())).toEqual({
      usage: { input: 100, output: 50, source: "counted" },
      costNano: 100 * 1000 + 50 * 4000,
      tokensSeen: 50,
      uncut: { tokens: 300, from: "bid" },
      savedTokens: 250,
      savedNano: 250 * 4000,
    });
  });

  it("bounds by the cap and saves nothing where it does not", () => {
    const account = cutAccount(facts({ cancelStopsBill: false }));
    expect(account.usage).toEqual({ input: 100, output: 1000, source: "bounded" });
    expect([account.savedTokens, account.savedNano]).toEqual([0, 0]);
  });

  it("believes the provider's record, unless it is behind what arrived", () => {
    const usage = { input: 90, output: 64, source: "provider" as const };
    expect(cutAccount(facts({ usage, cancelStopsBill: false })).usage).toEqual(usage);
    expect(cutAccount(facts({ usage: { ...usage, output: 10 } })).usage).toMatchObject({
      output: 50,
      source: "counted",
    });
  });

  it("saves tokens at list price, whatever was billed, and takes a bill that is behind for none", () => {
    const usage = { input: 90, output: 64, billedNano: 1_000_000, source: "provider" as const };
    const account = cutAccount(facts({ usage }));
    expect(account).toMatchObject({ usage, costNano: 1_000_000, savedTokens: 236, savedNano: 236 * 4000 });
    const behind = cutAccount(facts({ usage: { ...usage, output: 10 } }));
    expect(behind.usage).toEqual({ input: 90, output: 50, source: "counted" });
  });

  it("prefers the port's own count to ours, in what was seen, billed and saved alike", () => {
    const usage = { input: 90, output: 40, reasoning: 10, source: "counted" as const };
    expect(cutAccount(facts({ usage }))).toEqual({
      usage,
      costNano: 90 * 1000 + 40 * 4000,
      tokensSeen: 40,
      uncut: { tokens: 300, from: "bid" },
      savedTokens: 260,
      savedNano: 260 * 4000,
    });
    // A count is an estimate: more than the cap cannot have come, and where a cut stops no bill it is no bill.
    expect(cutAccount(facts({ usage: { ...usage, output: 1200 } })).usage.output).toBe(1000);
    expect(cutAccount(facts({ usage, cancelStopsBill: false })).usage).toMatchObject({
      output: 1000,
      source: "bounded",
    });
  });

  it("costs nothing when the request never left", () => {
    const price = { inputPerMtok: 1, outputPerMtok: 1, perCall: 5_000 };
    expect(cutAccount(facts({ price, inputTokens: 0, tokensSeen: 0, cancelStopsBill: false })).costNano).toBe(0);
  });

  it("never saves less than nothing, nor together with the cost more than uncut would have cost", () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.nat(2000),
        fc.integer({ min: 1, max: 2000 }),
        fc.boolean(),
        (seen, expected, max, stops) => {
          const cut = facts({
            tokensSeen: seen,
            expectedTokens: expected,
            boundTokens: max,
            maxOutputTokens: max,
            cancelStopsBill: stops,
          });
          const account = cutAccount(cut);
          expect(account.savedTokens).toBeGreaterThanOrEqual(0);
          expect(account.savedNano).toBeGreaterThanOrEqual(0);
          expect(account.usage.output).toBeGreaterThanOrEqual(seen);
          expect(account.usage.output + account.savedTokens).toBeLessThanOrEqual(Math.max(seen, max));
        },
      ),
    );
  });
});
