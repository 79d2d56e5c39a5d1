import { expect, it } from "vitest";
import { parametersFor } from "../../src/adapt/parameters.ts";

it("learns no cap until the profile knows lengths", () => {
  expect(parametersFor("code", null)).toEqual({ temperature: 0.2, maxOutputTokens: null });
  expect(parametersFor("code", { typical: 40, n: 19 }).maxOutputTokens).toBeNull();
});

it("caps what a bidder that is known for short answers may send", () => {
  expect(parametersFor("code", { typical: 100, n: 20 }).maxOutputTokens).toBe(800);
  expect(parametersFor("code", { typical: 3, n: 500 }).maxOutputTokens).toBe(256);
});

it("does not vary answers that can be wrong, and leaves conversations to the provider", () => {
  expect(parametersFor("extract", null).temperature).toBe(0);
  expect(parametersFor("answer", null).temperature).toBeNull();
});
