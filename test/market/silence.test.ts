import { describe, expect, it } from "vitest";
import { expectedTimes, learnTimes } from "../../src/market/latency.ts";
import { seededRandom } from "../../src/market/market.ts";
import { normalQuantile } from "../../src/market/normal.ts";
import { bidder } from "./setting.ts";

type Shared = Parameters<typeof learnTimes>[0];
type Row = Parameters<typeof learnTimes>[1];
const fresh = (): Shared & Row => ({ first: [0, 0, 0], pace: [0, 0], total: [0, 0, 0] });
const one = bidder("a/one", 1);
const p95Of = (times: Shared & Row) => expectedTimes(one, times, times, 100, 0).firstTokenMs.p95;
const cut = { timed: true, firstTokenMs: null, outputTokens: 0, failure: null, censored: true };

describe("a first token that was not waited for", () => {
  it("counts: waits of 500 ms with a log spread of 0.8 look alike, cut after a second or not", () => {
    const random = seededRandom("silence");
    const [whole, short] = [fresh(), fresh()];
    let came = 0;
    for (let call = 0; call < 4_000; call++) {
      const ms = 500 * Math.exp(0.8 * normalQuantile(random()));
      const heard = { ...cut, firstTokenMs: ms, totalMs: ms + 500, outputTokens: 50, censored: false };
      learnTimes(whole, whole, heard);
      if (ms <= 1_000) came++;
      learnTimes(short, short, ms > 1_000 ? { ...cut, totalMs: 1_000 } : heard);
    }
    // A fifth was cut. The true p95 is 1,860 ms; of those that came alone it is below 1,000 ms.
    expect(came / 4_000).toBeLessThan(0.83);
    expect(p95Of(whole)).toBeGreaterThan(1_500);
    expect(p95Of(short)).toBeGreaterThan(1_500);
    expect(p95Of(short)).toBeLessThan(2_300);
  });

  it("counts when it timed out, and says next to nothing when cut at once, before the first that came, or of a failure", () => {
    const seen = fresh();
    learnTimes(seen, seen, { ...cut, totalMs: 9_000 });
    expect(seen).toEqual(fresh());
    for (let call = 0; call < 20; call++)
      learnTimes(seen, seen, { ...cut, firstTokenMs: 300 + call, totalMs: 900, outputTokens: 50, censored: false });
    const before = p95Of(seen);
    learnTimes(seen, seen, { ...cut, totalMs: 0 });
    learnTimes(seen, seen, { ...cut, totalMs: 9_000, failure: "server-error", censored: false });
    learnTimes(seen, seen, { ...cut, totalMs: 9_000, failure: "orphaned" });
    expect(p95Of(seen)).toBe(before);
    learnTimes(seen, seen, { ...cut, totalMs: 10 });
    expect(p95Of(seen)).toBeLessThan(1.1 * before);
    learnTimes(seen, seen, { ...cut, totalMs: 30_000, failure: "first-token-timeout", censored: false });
    expect(p95Of(seen)).toBeGreaterThan(1.5 * before);
    expect(seen.first.every(Number.isFinite)).toBe(true);
  });
});
