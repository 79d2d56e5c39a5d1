import { expect, it } from "vitest";
import { decide, emptyMarket, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, request } from "./setting.ts";

const model = bidder("a/model", 1);
const rules = { ...bidder("embedded/rules", 0), serves: ["answer" as const], fixed: true as const };
const template = { ...rules, id: "embedded/template", standIn: true as const };
const led = (bidders: (typeof rules | typeof model)[], more: Parameters<typeof request>[0] = {}) =>
  decide(emptyMarket(), bidders, request(more), pacing, seededRandom("s"));

it("asks a stand-in only where no model can answer", () => {
  const both = decided(led([model, template]));
  expect(both.bids.map((bid) => bid.bidder)).toEqual(["a/model"]);
  expect(both.excluded).toEqual([{ bidder: "embedded/template", reason: "it stands in where no model can answer" }]);
  expect(decided(led([template])).award[0]?.bidder).toBe("embedded/template");
  expect(decided(led([{ ...model, enabled: false }, template])).award[0]?.bidder).toBe("embedded/template");
  // The model failed, or costs more than is left.
  const tried = [{ bidder: "a/model", how: "failed" as const }];
  expect(decided(led([model, template], { tried })).award[0]?.bidder).toBe("embedded/template");
  expect(decided(led([model, template], { budgetNano: 1 })).award[0]?.bidder).toBe("embedded/template");
});

it("does not ask rules where the caller says in words how", () => {
  const asked = decided(led([model, rules], { instructed: true }));
  expect(asked.excluded).toEqual([{ bidder: "embedded/rules", reason: "it follows no instruction" }]);
  expect(decided(led([model, rules])).bids.length).toBe(2);
  expect(led([rules], { instructed: true })).toMatchObject({ code: "no-bidder" });
});
