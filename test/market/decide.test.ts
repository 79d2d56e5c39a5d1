import { describe, expect, it } from "vitest";
import { decide, emptyMarket, learn, propensities, replay, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const three = [bidder("a/small", 0.1), bidder("b/middle", 1), bidder("c/large", 10)];

describe("decide", () => {
  it("learns who is accepted and leads with it", () => {
    const state = emptyMarket();
    const random = seededRandom("leads");
    const p: Record<string, number> = { "a/small": 0.2, "b/middle": 0.9, "c/large": 0.8 };
    let late = 0;
    for (let n = 0; n < 300; n++) {
      const d = decided(decide(state, three, request({ maxAttempts: 1, nowMs: startMs + n * 1000 }), pacing, random));
      const leader = d.award[0]?.bidder ?? "";
      if (n >= 200 && leader === "b/middle") late++;
      learn(state, settlement([report(d, leader, random() < (p[leader] ?? 0) ? 1 : 0)], n), three);
    }
    expect(late).toBeGreaterThan(80);
  });

  it("asks again after a rejection without those tried, and believes less in the others", () => {
    const state = emptyMarket();
    const first = decided(decide(state, three, request(), pacing, seededRandom("again")));
    const leader = first.award[0]?.bidder ?? "";
    const second = decided(
      decide(state, three, request({ tried: [{ bidder: leader, how: "rejected" }] }), pacing, seededRandom("again")),
    );
    expect(second.round).toBe(2);
    expect(second.award.map((place) => place.bidder)).not.toContain(leader);
    for (const bid of second.bids) {
      const before = first.bids.find((one) => one.bidder === bid.bidder);
      expect(bid.accept.mean).toBeLessThan(before?.accept.mean ?? 0);
    }
    const failed = decided(
      decide(state, three, request({ tried: [{ bidder: leader, how: "failed" }] }), pacing, seededRandom("again")),
    );
    for (const bid of failed.bids) {
      expect(bid.accept.mean).toBe(first.bids.find((one) => one.bidder === bid.bidder)?.accept.mean);
    }
  });

  it("gives parallel places that differ in model and provider to a race", () => {
    const many = [...three, bidder("c/large-2", 9), bidder("d/other", 8)];
    const d = decided(
      decide(emptyMarket(), many, request({ strategy: "race", valueNano: 1e9 }), pacing, seededRandom("r")),
    );
    const parallel = d.award.filter((place) => place.startAfterMs === 0);
    expect(parallel.length).toBeGreaterThanOrEqual(2);
    expect(new Set(parallel.map((place) => place.bidder.split("/")[0])).size).toBe(parallel.length);
  });

  it("starts two at once when the deadline leaves no time for a second try", () => {
    const d = decided(
      decide(emptyMarket(), three, request({ deadlineMs: 6000, valueNano: 1e9 }), pacing, seededRandom("d")),
    );
    expect(d.award.filter((place) => place.startAfterMs === 0).length).toBe(2);
  });

  it("audits young closed kinds beside the leader", () => {
    const embedded = ["eld", "franc", "third"].map((name) =>
      bidder(`embedded/${name}`, 0, { serves: ["language"], expected: { firstTokenMs: 1, tokensPerSecond: 10_000 } }),
    );
    const random = seededRandom("audit");
    let audits = 0;
    for (let n = 0; n < 100; n++) {
      const d = decided(decide(emptyMarket(), embedded, request({ kind: "language", closed: true }), pacing, random));
      if (d.award.some((place) => place.role === "audit")) audits++;
    }
    expect(audits).toBeGreaterThan(35);
    expect(audits).toBeLessThan(90);
  });

  it("keeps a decision of 48 bidders within 16 KB, and the parts of 64 within 64 KB", () => {
    const many = Array.from({ length: 64 }, (_, i) =>
      bidder(`provider-${i % 9}/model-with-a-long-name-${i}`, 0.1 + i * 0.2),
    );
    const state = emptyMarket();
    const random = seededRandom("size");
    let last = decided(decide(state, many, request(), pacing, random));
    for (let n = 0; n < 240; n++) {
      const features = { inputChars: 10 ** (1 + (n % 4)), script: `script-${n % 20}` };
      if (n % 20 === 0)
        last = decided(decide(state, many, request({ features, nowMs: startMs + n * 60_000 }), pacing, random));
      const tenant = `tenant-${n % 80}`;
      const attempts = many
        .filter(() => random() < 0.4)
        .map((one) =>
          report(last, one.id, random() < 0.5 ? 1 : 0, {
            role: "fallback",
            confidence: random(),
            totalMs: 500 + 1000 * random(),
          }),
        );
      for (const one of attempts) if (one.outcome && random() < 0.2) one.outcome.source = "feedback";
      learn(state, settlement(attempts, n, { tenant, features, atMs: startMs + n * 60_000 }), many);
    }
    const some = decided(decide(state, many.slice(0, 48), request({ nowMs: startMs }), pacing, random));
    expect(JSON.stringify(some).length).toBeLessThan(16_384);
    expect(state.kinds.answer?.tellers?.said.length).toBe(64);
    expect(JSON.stringify(state.shared).length).toBeLessThan(65_536);
    for (const kind of Object.values(state.kinds)) expect(JSON.stringify(kind).length).toBeLessThan(65_536);
  });

  it.each([64, 24, 12, 3])("keeps what it knows of %i bidders in any number of contexts within 64 KB", (count) => {
    const many = Array.from({ length: count }, (_, i) =>
      bidder(`provider-${i % 9}/model-with-a-long-name-${i}`, 1 + i),
    );
    const state = emptyMarket();
    const random = seededRandom(`contexts/${count}`);
    const some = decided(decide(state, many, request(), pacing, random));
    for (let n = 0; n < 900; n++) {
      const name = `a use whose name is of 32 chars ${n % 120}`.padEnd(42, "x");
      const features = { inputChars: 10 ** (1 + (n % 4)), script: "latin", context: `${name}/latin` };
      const attempts = many
        .filter(() => random() < 0.4)
        .map((one) => report(some, one.id, random() < 0.5 ? 1 : 0, { outputTokens: Math.floor(2000 * random()) }));
      learn(state, settlement(attempts, n, { features, atMs: startMs + n * 60_000 }), many);
    }
    expect(state.kinds.answer?.columns.length).toBe(Math.min(96, Math.floor(1024 / count)));
    expect(JSON.stringify(state.kinds.answer).length).toBeLessThan(65_536);
  });
});

describe("replay", () => {
  it("repeats every decision bit for bit from its JSON", () => {
    const state = emptyMarket();
    const random = seededRandom("replay");
    const strategies = ["auto", "single", "race", "best-of", "agreement"] as const;
    for (let n = 0; n < 200; n++) {
      const strategy = strategies[n % 5] ?? "auto";
      const d = decided(
        decide(state, three, request({ strategy, deadlineMs: n % 3 === 0 ? 5000 : null }), pacing, random),
      );
      const again = replay(JSON.parse(JSON.stringify(d)));
      expect(again.award).toEqual(d.award);
      expect(again.scores).toEqual(d.bids.map((bid) => bid.score));
      const leader = d.award[0]?.bidder ?? "";
      learn(state, settlement([report(d, leader, n % 2)], n), three);
    }
  });
});

describe("the value of an answer that nobody named one for", () => {
  const free = (queueMs: number) => {
    const own = bidder("own/model", 0, { expected: { firstTokenMs: 2_000, tokensPerSecond: 40 } });
    const asked = request({
      verdict: { trueAccept: 1, trueReject: 1, costNano: 0 },
      queueMs: { "own/model": queueMs },
    });
    return decided(decide(emptyMarket(), [own], asked, pacing, seededRandom("value")));
  };

  it("is ten waits where nothing costs, at the plain price of time", () => {
    const d = free(0);
    expect(d.valueNano).toBe(Math.round(10 * 1e-4 * 1e9 * ((d.bids[0]?.totalMs.p50 ?? 0) / 1000)));
  });

  it("does not grow with a queue of an hour beyond ten minutes' price of time", () => {
    expect(free(3_600_000).valueNano).toBe(60_000_000);
    expect(free(86_400_000).valueNano).toBe(60_000_000);
  });
});

describe("propensities", () => {
  it("match how often each bidder leads", () => {
    const state = emptyMarket();
    const random = seededRandom("propensity");
    const claimed = propensities(decided(decide(state, three, request({ strategy: "single" }), pacing, random)), 1500);
    const led: Record<string, number> = {};
    for (let n = 0; n < 1500; n++) {
      const leader =
        decided(decide(state, three, request({ strategy: "single" }), pacing, random)).award[0]?.bidder ?? "";
      led[leader] = (led[leader] ?? 0) + 1 / 1500;
    }
    expect(Object.values(claimed).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    for (const one of three) {
      expect(claimed[one.id]).toBeGreaterThanOrEqual(0.01 * 0.01 * (1 / 3.1));
      expect(Math.abs((claimed[one.id] ?? 0) - (led[one.id] ?? 0))).toBeLessThan(0.05);
    }
  });
});
