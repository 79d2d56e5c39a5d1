import { expect, it } from "vitest";
import { parametersFor } from "../../src/adapt/parameters.ts";

it("keeps a kind's own cap until the profile knows better", () => {
  expect(parametersFor("code", null)).toEqual({ temperature: 0.2, maxOutputTokens: 2048 });
  expect(parametersFor("code", { typical: 40, n: 19 }).maxOutputTokens).toBe(2048);
});

it("caps what a bidder that is known for short answers may send, and never above the kind's cap", () => {
  expect(parametersFor("code", { typical: 100, n: 20 }).maxOutputTokens).toBe(800);
  expect(parametersFor("code", { typical: 3, n: 500 }).maxOutputTokens).toBe(256);
  expect(parametersFor("summarise", { typical: 1000, n: 500 }).maxOutputTokens).toBe(400);
  expect(parametersFor("sentiment", { typical: 8, n: 500 }).maxOutputTokens).toBe(32);
});

it("does not vary answers that can be wrong, and leaves conversations to the provider", () => {
  expect(parametersFor("extract", null).temperature).toBe(0);
  expect(parametersFor("answer", null).temperature).toBeNull();
});
