import { describe, expect, it } from "vitest";
import { type Bidder, decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement } from "./setting.ts";

const good = bidder("a/good", 1);
const random = seededRandom("refusals");

describe("bad input", () => {
  it.each([
    ["price.inputPerMtok is negative (-1)", bidder("b/bad", 1, { price: { inputPerMtok: -1, outputPerMtok: 1 } })],
    [
      "price.outputPerMtok is not a number",
      bidder("b/bad", 1, { price: { inputPerMtok: 1, outputPerMtok: Number.NaN } }),
    ],
    ["price is missing", { ...bidder("b/bad", 1), price: undefined } as never],
    ["serves is neither generative nor a list", { ...bidder("b/bad", 1), serves: null } as never],
    ["region is missing", { ...bidder("b/bad", 1), region: undefined } as never],
    [
      "price.cachedInputPerMtok is negative (-5)",
      bidder("b/bad", 1, { price: { inputPerMtok: 1, outputPerMtok: 1, cachedInputPerMtok: -5 } }),
    ],
    ["contextTokens is not a number", bidder("b/bad", 1, { contextTokens: Number.POSITIVE_INFINITY })],
  ])("excludes a bidder and says why: %s", (why, bad) => {
    const d = decided(decide(emptyMarket(), [bad, good], request(), pacing, random));
    expect(d.award[0]?.bidder).toBe("a/good");
    expect(d.excluded).toEqual([{ bidder: "b/bad", reason: `its entry is broken: ${why}` }]);
  });

  it.each([
    { serves: undefined },
    { serves: null },
    { price: null },
    { price: { inputPerMtok: 1e308, outputPerMtok: 1 } },
  ])("learns of the others where one bidder's entry is broken: %o", (broken) => {
    const state = emptyMarket();
    const d = decided(decide(state, [good], request(), pacing, random));
    learn(state, settlement([report(d, "a/good", 1)], 1), [good, { ...bidder("b/bad", 1), ...broken } as never]);
    expect(state.kinds.answer?.outcomes).toBe(1);
    expect(JSON.stringify(state)).not.toContain("null");
  });

  it.each([
    [1, Number.NaN],
    [10, -50],
    [-5, -5],
  ])("excludes a bidder whose profile holds impossible counts: %d rejected, %d accepted", (no, yes) => {
    const state = emptyMarket();
    const both = [good, bidder("b/odd", 1)];
    const first = decided(decide(state, both, request(), pacing, random));
    learn(state, settlement([report(first, "b/odd", 1)], 1), both);
    const column = state.kinds.answer?.columns[0];
    column?.counts.splice(2, 2, yes, no);
    learn(state, settlement([report(first, "a/good", 1)], 2), both);
    const d = decided(decide(state, both, request(), pacing, random));
    expect(d.excluded).toEqual([{ bidder: "b/odd", reason: "its profile is broken: it holds an impossible number" }]);
  });

  it("skips settlement rows with impossible numbers", () => {
    const state = emptyMarket();
    const d = decided(decide(state, [good], request(), pacing, random));
    learn(
      state,
      settlement(
        [report(d, "a/good", Number.NaN), report(d, "a/good", 7), report(d, "a/good", 1, { outputTokens: -3 })],
        1,
      ),
      [good],
    );
    expect(state.kinds.answer?.outcomes).toBe(0);
    learn(state, settlement([report(d, "a/good", 1)], 2), [good]);
    expect(state.kinds.answer?.outcomes).toBe(1);
  });

  it("says why nobody can come: who could do it and may not, else that nobody can and how to add one", () => {
    const others = [1, 2, 3, 4, 5].map((n) => bidder(`z/other-${n}`, 1, { serves: ["spam"] }));
    const message = (bidders: Bidder[]) => {
      const refused = decide(emptyMarket(), bidders, request(), pacing, random);
      return "message" in refused ? refused.message : "";
    };
    const unserved = "z/other-1, z/other-2, z/other-3 and 2 more: it does not serve answer.";
    expect(message(others)).toBe(`No bidder can take answer. ${unserved} Add one: npm run bidders -- add.`);
    const off = bidder("a/off", 1, { enabled: false });
    // Who could do it and may not says more than who cannot.
    expect(message([...others, off])).toBe("No bidder can take answer. a/off: it is switched off.");
    const tried = [{ bidder: "a/good", how: "failed" as const }];
    const again = decide(emptyMarket(), [good, off, ...others], request({ tried }), pacing, random);
    expect("message" in again && again.message).toBe("No other bidder can take answer. a/off: it is switched off.");
    const poor = decide(emptyMarket(), [good, ...others], request({ budgetNano: 10 }), pacing, random);
    expect("message" in poor && poor.message).toMatch(
      /^The budget left \(\$0\.000000010\) is below the cheapest bidder\. a\/good: it would cost \$[\d.]+ and \$0\.000000010 are left; z\/.*\. Raise the budget\.$/,
    );
  });

  it("refuses a budget of zero, one below the cheapest, and an empty market, naming the field", () => {
    expect(decide(emptyMarket(), [good], request({ budgetNano: 0 }), pacing, random)).toMatchObject({
      code: "budget-exceeded",
      field: "budgetNano",
    });
    const low = decide(emptyMarket(), [good], request({ budgetNano: 10 }), pacing, random);
    expect(low).toMatchObject({ code: "budget-exceeded", field: "budgetNano" });
    expect("message" in low && low.message).toContain("a/good");
    expect(decide(emptyMarket(), [], request(), pacing, random)).toMatchObject({ code: "no-bidder" });
    const none = decide(emptyMarket(), [bidder("a/off", 1, { enabled: false })], request(), pacing, random);
    expect("message" in none && none.message).toContain("a/off: it is switched off");
    expect(decide(emptyMarket(), [good], request({ valueNano: Number.NaN }), pacing, random)).toMatchObject({
      code: "invalid-request",
      field: "valueNano",
    });
  });
});
