import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learnFirstToken, newFirstTokenWaits, survivalOf } from "../../src/race/first-token-waits.ts";
import { HedgeTimes } from "../../src/race/hedge-times.ts";

/** Seeded log-normal waits, ms. */
function waitsOf(median: number, spread: number, seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => median * Math.exp(spread * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

describe("waits for a first token", () => {
  it("are read right where the longest are never seen to their end", () => {
    fc.assert(
      fc.property(fc.double({ min: 50, max: 3_000, noNaN: true }), fc.integer({ min: 1, max: 999 }), (median, seed) => {
        const wait = waitsOf(median, 0.8, seed);
        const giveUp = waitsOf(4 * median, 0.3, seed + 1);
        const waits = newFirstTokenWaits();
        for (let call = 0; call < 6_000; call++) {
          const [ms, until] = [wait(), giveUp()];
          learnFirstToken(waits, Math.min(ms, until), ms > until);
        }
        const survival = survivalOf(waits);
        expect(survival(median)).toBeGreaterThan(0.46);
        expect(survival(median)).toBeLessThan(0.54);
        // P(0.8 N > ln 4) = 4.2 %; a count of those that came alone would say less.
        expect(survival(4 * median)).toBeGreaterThan(0.03);
        expect(survival(4 * median)).toBeLessThan(0.055);
      }),
      { numRuns: 20 },
    );
  });

  it("follow a bidder that changes", () => {
    const waits = newFirstTokenWaits();
    const [before, after] = [waitsOf(300, 0.3, 1), waitsOf(900, 0.3, 2)];
    for (let call = 0; call < 20_000; call++) learnFirstToken(waits, before(), false);
    for (let call = 0; call < 24_000; call++) learnFirstToken(waits, after(), false);
    expect(survivalOf(waits)(600)).toBeGreaterThan(0.8);
  });
});

describe("when a hedge is due", () => {
  /** Learns from races of these leaders with a quick hedge; how often a leader was still silent when it was due. */
  function learned(leaders: Record<string, () => number>, races = 12_000) {
    const times = new HedgeTimes();
    const hedge = waitsOf(200, 0.3, 77);
    let late = 0;
    for (let race = 0; race < races; race++) {
      for (const [leader, wait] of Object.entries(leaders)) {
        const dueMs = times.dueMs(leader, "quick", 5_000);
        const [ms, hedged] = [wait(), dueMs + hedge()];
        if (race >= races / 2 && ms > dueMs) late++;
        times.heard(leader, Math.min(ms, hedged), ms > hedged);
        if (ms > dueMs) times.heard("quick", Math.min(hedged, ms) - dueMs, hedged > ms);
        times.leaderWaited(Math.min(ms, hedged), ms > hedged, dueMs);
      }
    }
    return { times, share: late / (races / 2) / Object.keys(leaders).length };
  }

  it("is the leader's p95 until enough was seen", () => {
    expect(new HedgeTimes().dueMs("a", "b", 1_234)).toBe(1_234);
  });

  it("is such that about one leader in 24 is still silent", () => {
    for (const seed of [1, 2, 3]) {
      const { share } = learned({ one: waitsOf(400, 0.6, seed), two: waitsOf(900, 0.4, seed + 9) });
      expect(share).toBeGreaterThan(0.034);
      expect(share).toBeLessThan(0.05);
    }
  });

  it("comes sooner for a leader whose silence means trouble than for one that is merely slow", () => {
    const slow = waitsOf(1_200, 0.25, 5);
    const [usual, lost, dice] = [waitsOf(300, 0.3, 6), waitsOf(9_000, 0.3, 7), waitsOf(1, 1, 8)];
    const { times } = learned({ slow, troubled: () => (dice() > 5.2 ? lost() : usual()) });
    expect(times.dueMs("troubled", "quick", 5_000)).toBeLessThan(0.95 * times.dueMs("slow", "quick", 5_000));
  });
});
