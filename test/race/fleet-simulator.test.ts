import { expect, it } from "vitest";
import { quantileFunction } from "../../bench/race/draw.ts";
import { earlyTermination } from "../../bench/race/early-termination.ts";
import { generatedFleet } from "../../bench/race/fleet.ts";
import { hedgedComparison } from "../../bench/race/hedged.ts";
import { outageReplay } from "../../bench/race/outages.ts";

it("draws from the five percentiles it is given", () => {
  const points = { p50: 100, p75: 200, p90: 400, p95: 500, p99: 900 };
  const of = quantileFunction(points);
  expect([0.5, 0.75, 0.9, 0.95, 0.99].map((u) => Math.round(of(u)))).toEqual([100, 200, 400, 500, 900]);
  expect(of(0.999)).toBeGreaterThan(900);
  expect(of(0.1)).toBeLessThan(100);
});

it("shows, on a generated fleet, that hedging cuts the tail within its budget and that diversity pays", () => {
  const fleet = generatedFleet(1);
  const endpoints = fleet.endpoints.filter((one) => one.model === "openai/gpt-oss-120b");
  const result = hedgedComparison("generated", endpoints, fleet, {
    draws: 6_000,
    seed: 1,
    leader: "traffic",
    only: ["single with retry", "hedged"],
  });
  expect(result.arms.hedged.extraCalls).toBeLessThanOrEqual(0.05);
  expect(result.arms.hedged.first.p99).toBeLessThan(result.arms["single with retry"].first.p99);
  expect(result.arms.hedged.first.success).toBeGreaterThan(result.arms["single with retry"].first.success);
  const outages = outageReplay(fleet, 6_000, 1);
  expect(outages.diverse).toBeGreaterThan(outages.sameModel);
});

it("commits on a prefix where it is safe, and not where answers break later", () => {
  const safe = earlyTermination({ factsWithin: 0.5, runaway: 0.002 }, 200, 1, 150);
  expect(safe.commitOverFloor.value).toBeGreaterThan(1.3);
  const hostile = earlyTermination({ factsWithin: 0.5, runaway: 0.05 }, 150, 1, 150);
  expect(hostile.commits).toBeLessThan(0.05);
});
