import { describe, expect, it } from "vitest";
import {
  type AuctionRequest,
  decide,
  emptyMarket,
  estimatePolicy,
  type Logged,
  propensities,
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

  const logged = (n: number, more: Partial<AuctionRequest> = {}) => {
    const random = seededRandom("log");
    const state = emptyMarket();
    return Array.from({ length: n }, (_, at): Logged => {
      const d = decided(decide(state, four, request({ nowMs: startMs + at * 1000, ...more }), pacing, random));
      return { decision: d, first: { bidder: d.award[0]?.bidder ?? "", worth: 1, costNano: 1000 } };
    });
  };
  const policy = (name: string) => targetPolicy(name) ?? expect.fail(name);

  it("leave out decisions in which the target could choose nobody, and say how many", () => {
    const log = [...logged(40), ...logged(40, { unavailable: [{ bidder: "b/2", reason: "away" }] })];
    const result = estimatePolicy(log, policy("only=b/2"), 50);
    expect([result.decisions, result.unable]).toEqual([40, 40]);
  });

  it("are sure of a worth that never varies, whatever the weights do", () => {
    const normal = estimatePolicy(logged(40), policy("uniform"), 50).estimates[2];
    expect(normal).toMatchObject({
      estimator: "self-normalised",
      worth: 1,
      worthError: 0,
      costNano: 1000,
      costError: 0,
    });
  });

  it("weigh looks and waiting under another price of cost as the auction does", () => {
    const [{ decision }] = logged(1, { looks: { "a/1": 90_000_000 }, valueNano: 100_000_000 }) as [Logged];
    const fast = {
      ...decision,
      muUsdPerSecond: 1,
      bids: decision.bids.map((bid, i) => ({ ...bid, totalMs: { p50: i === 2 ? 10 : 900, p95: 950 } })),
    };
    expect(policy("lambda=1")(decision)?.[0]).toBe(0);
    expect(policy("lambda=1")(fast)).toEqual([0, 0, 1, 0]);
  });

  it("count the draw that was made: no leader had no chance", () => {
    for (const { decision, first } of logged(40)) expect(propensities(decision, 4)[first.bidder]).toBeGreaterThan(0.1);
  });

  it("knows its policies by name and no others", () => {
    expect(targetPolicy("cheapest")).not.toBeNull();
    expect(targetPolicy("lambda=0.5")).not.toBeNull();
    expect(targetPolicy("lambda=")).toBeNull();
    expect(targetPolicy("lambda=-1")).toBeNull();
    expect(targetPolicy("rubbish")).toBeNull();
  });
});
