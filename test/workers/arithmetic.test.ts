import { expect, inject, it } from "vitest";
import { engineTrace, goldenNumbers, repeats, sampledNumbers } from "../market/golden.ts";

it("draws in workerd the numbers that are drawn on Node, to the last digit", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
  expect(sampledNumbers()).toEqual(goldenNumbers);
  expect(engineTrace().normal).toEqual(inject("nodeTrace").normal);
});

it("replays in workerd what was decided on Node, bit for bit", () => {
  const { decisions } = inject("nodeTrace");
  expect(decisions.length).toBe(40);
  for (const stored of decisions) expect(repeats(stored), stored).toBe(true);
});

it("decides and learns in workerd what Node decides and learns, bit for bit", () => {
  const here = engineTrace();
  const node = inject("nodeTrace");
  expect(here.decisions).toEqual(node.decisions);
  expect(here.state).toBe(node.state);
});
