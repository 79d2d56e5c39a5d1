import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decide,
  emptyMarket,
  explainDecision,
  learn,
  type Outcome,
  seededRandom,
  standing,
} from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const two = [bidder("a/1", 1), bidder("b/2", 1)];
const decision = () => decided(decide(emptyMarket(), two, request(), pacing, seededRandom("learn")));

describe("learn", () => {
  it("keeps state that survives its JSON, and the same settlements give the same state", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 5000 })), { maxLength: 30 }),
        (outcomes) => {
          const d = decision();
          const direct = emptyMarket();
          let stored = emptyMarket();
          outcomes.forEach(([a, b, ms], n) => {
            const one = settlement(
              [report(d, "a/1", a ? 1 : 0, { totalMs: ms }), report(d, "b/2", b ? 1 : 0, { role: "fallback" })],
              n,
            );
            learn(direct, one, two);
            learn(stored, one, two);
            stored = JSON.parse(JSON.stringify(stored));
          });
          expect(stored).toEqual(JSON.parse(JSON.stringify(direct)));
        },
      ),
    );
  });

  it("finds the truth behind a noisy judge", () => {
    const random = seededRandom("noisy");
    const state = emptyMarket();
    const d = decision();
    const reliability = { trueAccept: 0.9, trueReject: 0.7 };
    for (let n = 0; n < 800; n++) {
      const good = random() < 0.6;
      const worth = random() < (good ? 0.9 : 0.3) ? 1 : 0;
      const outcome: Outcome = { worth, source: "judge", reliability };
      learn(state, settlement([report(d, "a/1", null, { outcome })], n), two);
    }
    expect(standing(state, two[0] as (typeof two)[0], startMs + 800_000).kinds[0]?.accept.mean).toBeCloseTo(0.6, 1);
  });

  it("does not take a fall-back that ran on hard inputs only for a bad bidder", () => {
    const random = seededRandom("hard");
    const state = emptyMarket();
    const d = decision();
    for (let n = 0; n < 800; n++) {
      // Half of the inputs are hard: both bidders have 0.95 on easy ones and 0.35 on hard ones, 0.65 in all.
      const p = random() < 0.5 ? 0.95 : 0.35;
      const first = random() < p ? 1 : 0;
      const attempts = [report(d, "a/1", first)];
      if (!first) attempts.push(report(d, "b/2", random() < p ? 1 : 0, { role: "fallback" }));
      learn(state, settlement(attempts, n), two);
    }
    const mean = (i: number) =>
      standing(state, two[i] as (typeof two)[0], startMs + 800_000).kinds[0]?.accept.mean ?? 0;
    expect(Math.abs(mean(0) - 0.65)).toBeLessThan(0.05);
    expect(Math.abs(mean(1) - 0.65)).toBeLessThan(0.12);
  });

  it.each(["hedge", "parallel", "leader"])(
    "does not take a %s that is seen on hard inputs only for a bad one",
    (role) => {
      const random = seededRandom("after");
      const state = emptyMarket();
      const d = decision();
      for (let n = 0; n < 800; n++) {
        const p = random() < 0.5 ? 0.95 : 0.35;
        const first = random() < p ? 1 : 0;
        const attempts = [report(d, "a/1", first, { round: 1, after: [] })];
        const round = role === "leader" ? 2 : 1;
        if (!first) attempts.push(report(d, "b/2", random() < p ? 1 : 0, { role, round, after: ["a/1"] }));
        // The order of a list says nothing.
        learn(state, settlement(role === "parallel" ? attempts.reverse() : attempts, n), two);
      }
      const b = standing(state, two[1] as (typeof two)[0], startMs + 800_000).kinds[0];
      expect(Math.abs((b?.accept.mean ?? 0) - 0.65)).toBeLessThan(0.12);
    },
  );

  it("takes a re-ask for no answer to the auction: the bid was for the first try", () => {
    const state = emptyMarket();
    const d = decision();
    const attempts = [
      report(d, "a/1", 0, { round: 1, after: [] }),
      report(d, "a/1", 1, { attempt: "2", role: "reask", round: 1, after: [] }),
    ];
    for (let n = 0; n < 100; n++) learn(state, settlement(attempts, n), two);
    expect(state.kinds.answer?.outcomes).toBe(100);
    expect(standing(state, two[0] as (typeof two)[0], startMs).calls).toBeGreaterThan(190);
    expect(standing(state, two[0] as (typeof two)[0], startMs).kinds[0]?.accept.mean).toBeLessThan(0.1);
  });

  it("knows of a rejection that an earlier settlement told, as feedback on the winner alone does", () => {
    const d = decision();
    const meanAfter = (after: string[]) => {
      const state = emptyMarket();
      for (let n = 0; n < 200; n++)
        learn(state, settlement([report(d, "b/2", n % 2, { role: "fallback", after })], n), two);
      return standing(state, two[1] as (typeof two)[0], startMs).kinds[0]?.accept.mean ?? 0;
    };
    expect(meanAfter(["a/1"])).toBeGreaterThan(meanAfter([]) + 0.05);
  });

  it.each([0, 20_000])("finds out a bidder that begins to fail every other call, after %i good ones", (before) => {
    const state = emptyMarket();
    const random = seededRandom("breaks");
    const d = decision();
    for (let n = 0; n < before; n++)
      learn(state, settlement([report(d, "a/1", null)], n, { atMs: startMs + n * 20_000 }), two);
    let led = 0;
    for (let n = 0; n < 600; n++) {
      const nowMs = startMs + before * 20_000 + n * 1000;
      const now = decided(decide(state, two, request({ nowMs }), pacing, random));
      const id = now.award[0]?.bidder ?? "";
      if (n >= 500 && id === "a/1") led++;
      const fails = id === "a/1" && random() < 0.5;
      const told = fails ? report(now, id, null, { failure: "server-error" }) : report(now, id, random() < 0.9 ? 1 : 0);
      learn(state, settlement([told], before + n, { atMs: nowMs }), two);
    }
    expect(led).toBeLessThan(10);
  });

  it.each([90, 365])("forgets nothing over a settlement that comes %i days late", (days) => {
    const state = emptyMarket();
    const d = decision();
    for (let n = 0; n < 100; n++) learn(state, settlement([report(d, "a/1", n % 10 ? 1 : 0)], n), two);
    const known = () => (state.kinds.answer?.columns[0]?.counts ?? []).slice(0, 2).map(Math.round);
    const [before, calls] = [known(), state.shared.rows[0]?.calls ?? 0];
    const late = settlement([report(d, "a/1", 1)], 101, { atMs: startMs - days * 86_400_000 });
    learn(state, late, two);
    expect(known()).toEqual(before);
    expect(state.shared.rows[0]?.calls).toBeGreaterThanOrEqual(calls);
  });

  it("keeps small steps of recalibration: what is mostly right is not claimed to be right less often", () => {
    const state = emptyMarket();
    const random = seededRandom("fine");
    const d = decision();
    const claims: number[] = [];
    for (let n = 0; n < 12_000; n++) {
      learn(state, settlement([report(d, "a/1", random() < 0.98 ? 1 : 0, { after: [] })], n), two);
      if (n < 6000 || n % 20 > 0) continue;
      const bids = decided(decide(state, two, request({ nowMs: startMs + n * 1000 }), pacing, random)).bids;
      claims.push(bids.find((one) => one.bidder === "a/1")?.accept.mean ?? 0);
    }
    expect(Math.abs(claims.reduce((sum, p) => sum + p, 0) / claims.length - 0.98)).toBeLessThan(0.006);
  });

  it("moves no posterior by an answer of unknown worth, but times, tokens and errors", () => {
    const state = emptyMarket();
    const d = decision();
    learn(state, settlement([report(d, "a/1", null), report(d, "b/2", null, { failure: "overloaded" })], 1), two);
    expect(state.kinds.answer?.outcomes).toBe(0);
    expect(state.kinds.answer?.columns.every((column) => column.counts.every((x) => x === 0))).toBe(true);
    const [a, b] = two.map((one) => standing(state, one, startMs));
    expect(a?.calls).toBe(1);
    expect(b?.errorRate).toBeGreaterThan(a?.errorRate ?? 1);
  });

  it("takes a call that was cut before its first word for no sign that its bidder answers", () => {
    const state = emptyMarket();
    const d = decision();
    const cut = { censored: true, firstTokenMs: null, totalMs: 5_000, outputTokens: 0 };
    learn(state, settlement([report(d, "a/1", null, { failure: "server-error" })], 0), two);
    const known = () => standing(state, two[0] as (typeof two)[0], startMs);
    const { errorRate } = known();
    for (let n = 1; n <= 50; n++) learn(state, settlement([report(d, "a/1", null, cut)], n), two);
    expect(known().errorRate).toBeGreaterThan(0.99 * errorRate);
    expect(known().calls).toBeLessThan(1.01);
    // One that was cut while it spoke did answer.
    for (let n = 51; n <= 60; n++)
      learn(state, settlement([report(d, "a/1", null, { ...cut, firstTokenMs: 300 })], n), two);
    expect(known().errorRate).toBeLessThan(errorRate / 2);
  });
});

describe("explainDecision", () => {
  it("says of every loser what it would have cost and why it lost", () => {
    const many = [
      ...two,
      bidder("c/dear", 50),
      bidder("d/off", 1, { enabled: false }),
      bidder("e/5", 0.1),
      bidder("f/6", 5),
    ];
    const d = decided(decide(emptyMarket(), many, request(), pacing, seededRandom("explain")));
    const told = explainDecision(d);
    expect(told.sentences[0]).toContain(d.award[0]?.bidder);
    expect(told.sentences.join(" ")).toContain(d.cell);
    expect(told.losers.map((one) => one.bidder).sort()).toEqual(
      many
        .map((one) => one.id)
        .filter((id) => id !== "d/off" && !d.award.some((place) => place.bidder === id))
        .sort(),
    );
    for (const one of told.losers) expect(one.why.length).toBeGreaterThan(10);
    expect(told.notAsked).toEqual([{ why: "it is switched off", bidders: ["d/off"] }]);
  });
});
