import { describe, expect, it } from "vitest";
import {
  decide,
  emptyMarket,
  estimatePolicy,
  type Logged,
  seededRandom,
  targetPolicy,
} from "../../src/market/market.ts";
import { bidder, decided, pacing, request, startMs } from "./setting.ts";

describe("off-policy estimates", () => {
  const four = ["a/1", "b/2", "c/3", "d/4"].map((id) => bidder(id, 1));
  const chance: Record<string, number> = { "a/1": 0.85, "b/2": 0.8, "c/3": 0.7, "d/4": 0.5 };

  it("recover what a policy that never ran would have brought, within three standard errors", () => {
    const random = seededRandom("ope");
    const state = emptyMarket();
    const log: Logged[] = [];
    for (let n = 0; n < 300; n++) {
      const nowMs = startMs + n * 1000;
      const decision = decided(decide(state, four, request({ nowMs, maxAttempts: 1 }), pacing, random));
      const id = decision.award[0]?.bidder ?? "";
      const worth = random() < (chance[id] ?? 0) ? 1 : 0;
      log.push({ decision: JSON.parse(JSON.stringify(decision)), first: { bidder: id, worth, costNano: 25_000 } });
    }
    const target = targetPolicy("only=b/2");
    if (!target) throw new Error("no policy");
    const result = estimatePolicy(log, target, 80);
    expect(result.effective).toBeGreaterThan(30);
    for (const name of ["doubly robust", "inverse propensity"]) {
      const one = result.estimates.find((estimate) => estimate.estimator === name);
      expect(Math.abs((one?.worth ?? 9) - 0.8)).toBeLessThan(3 * (one?.worthError ?? 0));
      expect(one?.worthError).toBeLessThan(0.15);
    }
  });

  it("knows its policies by name and no others", () => {
    expect(targetPolicy("cheapest")).not.toBeNull();
    expect(targetPolicy("lambda=0.5")).not.toBeNull();
    expect(targetPolicy("lambda=")).toBeNull();
    expect(targetPolicy("lambda=-1")).toBeNull();
    expect(targetPolicy("rubbish")).toBeNull();
  });
});
