import { describe, expect, it } from "vitest";
import {
  decide,
  emptyMarket,
  estimatePolicy,
  type Logged,
  learn,
  seededRandom,
  targetPolicy,
} from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

describe("off-policy estimates", () => {
  const four = ["a/1", "b/2", "c/3", "d/4"].map((id) => bidder(id, 1));
  const chance: Record<string, number> = { "a/1": 0.85, "b/2": 0.8, "c/3": 0.7, "d/4": 0.5 };

  it("recover what a policy that never ran would have brought, within three standard errors", () => {
    const random = seededRandom("ope");
    const state = emptyMarket();
    const log: Logged[] = [];
    for (let n = 0; n < 700; n++) {
      const nowMs = startMs + n * 1000;
      const decision = decided(decide(state, four, request({ nowMs, maxAttempts: 1 }), pacing, random));
      const id = decision.award[0]?.bidder ?? "";
      const worth = random() < (chance[id] ?? 0) ? 1 : 0;
      log.push({ decision: JSON.parse(JSON.stringify(decision)), first: { bidder: id, worth, costNano: 25_000 } });
      if (n < 20) learn(state, settlement([report(decision, id, worth)], n, { atMs: nowMs }), four);
    }
    for (const id of ["b/2", "c/3"]) {
      const target = targetPolicy(`only=${id}`);
      if (!target) throw new Error("no policy");
      const result = estimatePolicy(log, target, 100);
      const robust = result.estimates.find((one) => one.estimator === "doubly robust");
      const inverse = result.estimates.find((one) => one.estimator === "inverse propensity");
      for (const one of [robust, inverse]) {
        expect(Math.abs((one?.worth ?? 9) - (chance[id] ?? 0))).toBeLessThan(3 * (one?.worthError ?? 0) + 0.01);
      }
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
