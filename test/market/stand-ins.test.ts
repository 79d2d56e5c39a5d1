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

it("asks a stand-in where no model left is worth its cost", () => {
  const dear = bidder("b/dear", 1e6);
  const tried = [{ bidder: "a/model", how: "rejected" as const }];
  expect(led([model, dear], { tried, valueNano: 1000 })).toMatchObject({ code: "no-bidder", field: "valueNano" });
  const stood = decided(led([model, dear, template], { tried, valueNano: 1000 }));
  expect(stood.award.map((place) => place.bidder)).toEqual(["embedded/template"]);
  expect(stood.excluded).toEqual([
    { bidder: "a/model", reason: "its answer was rejected" },
    { bidder: "b/dear", reason: "it is not worth its cost" },
  ]);
  // Where the stand-in was tried too, the refusal is of the model's cost.
  const both = [...tried, { bidder: "embedded/template", how: "rejected" as const }];
  expect(led([model, dear, template], { tried: both, valueNano: 1000 })).toMatchObject({ field: "valueNano" });
});

it("does not ask rules where the caller says in words how", () => {
  const asked = decided(led([model, rules], { instructed: true }));
  expect(asked.excluded).toEqual([{ bidder: "embedded/rules", reason: "it follows no instruction" }]);
  expect(decided(led([model, rules])).bids.length).toBe(2);
  expect(led([rules], { instructed: true })).toMatchObject({ code: "no-bidder" });
});
