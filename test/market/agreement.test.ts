import { describe, expect, it } from "vitest";
import {
  agreementOutcomes,
  decide,
  emptyMarket,
  learn,
  type MarketState,
  type Outcome,
  reliabilityOf,
  seededRandom,
} from "../../src/market/market.ts";
import { bidder, decided, pacing, request as requestOf, settlement, startMs, truth } from "./setting.ts";

const features = { inputChars: 400, script: "latin" };
const voters = ["a/1", "b/2", "c/3", "d/4"].map((id) => bidder(id, 0.1, { serves: ["spam"] }));
const attempt = (id: string, outcome: Outcome | null, confidence: number | null = null) => ({
  attempt: id,
  bidder: id,
  role: "audit",
  claimed: { accept: 0.7, costNano: 0, totalMs: 1 },
  outcome,
  confidence,
  failure: null,
  costNano: 0,
  firstTokenMs: null,
  totalMs: 1,
  censored: false,
  timed: false,
  inputTokens: 0,
  outputTokens: 0,
});

describe("agreementOutcomes", () => {
  it("takes a lone dissenter for wrong and says nothing of a single answer", () => {
    const votes = ["spam", "spam", "spam", "ham"].map((label, i) => ({
      bidder: voters[i]?.id ?? "",
      label,
      confidence: null,
    }));
    const outcomes = agreementOutcomes(votes, emptyMarket(), "spam", features);
    expect(outcomes.map((one) => one?.worth)).toEqual([1, 1, 1, 0]);
    for (const one of outcomes) expect(one?.reliability.trueAccept).toBeLessThan(0.95);
    expect(agreementOutcomes(votes.slice(0, 1), emptyMarket(), "spam", features)).toEqual([null]);
  });

  it("counts one vote a model, however many ways there are to ask it", () => {
    const votes = ["no", "no", "yes"].map((label, i) => ({
      bidder: voters[i]?.id ?? "",
      model: i < 2 ? "one" : "other",
      label,
      confidence: null,
    }));
    const alike = agreementOutcomes(votes, emptyMarket(), "spam", features);
    const alone = agreementOutcomes(votes.slice(1), emptyMarket(), "spam", features);
    expect(alike).toEqual([alone[0], ...alone]);
  });

  it("does not take two that always contradict each other for wrong both", () => {
    const state: MarketState = emptyMarket();
    // A burst is judged by what was known before it: a snapshot is up to 10 s old.
    const known = emptyMarket();
    const two = voters.slice(0, 2);
    for (let n = 0; n < 150; n++) {
      const votes = two.map(({ id }, i) => ({ bidder: id, label: ["spam", "ham"][i] ?? "", confidence: null }));
      const outcomes = agreementOutcomes(votes, known, "spam", features);
      const attempts = votes.map((vote, i) => attempt(vote.bidder, outcomes[i] ?? null));
      learn(state, settlement(attempts, n, { kind: "spam", features }), two);
    }
    const request = requestOf({ kind: "spam", closed: true, features });
    const { bids } = decided(decide(state, two, request, pacing, seededRandom("two")));
    for (const bid of bids) expect(bid.accept.mean).toBeGreaterThan(0.25);
    expect(bids.reduce((sum, bid) => sum + bid.accept.mean, 0)).toBeLessThan(1.1);
  });

  it("ranks bidders rightly from agreement alone", () => {
    const state: MarketState = emptyMarket();
    const random = seededRandom("agree");
    const skill = [0.95, 0.85, 0.75, 0.6];
    for (let n = 0; n < 250; n++) {
      const right = random() < 0.5 ? "spam" : "ham";
      const votes = voters.map((one, i) => ({
        bidder: one.id,
        label: random() < (skill[i] ?? 0) ? right : right === "spam" ? "ham" : "spam",
        confidence: null,
      }));
      const outcomes = agreementOutcomes(votes, state, "spam", features);
      const attempts = votes.map((vote, i) => attempt(vote.bidder, outcomes[i] ?? null));
      learn(state, settlement(attempts, n, { kind: "spam", features }), voters);
    }
    const skills = voters.map((one) => state.kinds.spam?.rows.find((row) => row.bidder === one.id)?.skill ?? 0);
    expect(skills).toEqual(skills.slice().sort((x, y) => y - x));
  });

  describe("of two alone", () => {
    const two = voters.slice(0, 2);
    const worthsOf = (claims: readonly [number | null, number | null]) =>
      agreementOutcomes(
        two.map(({ id }, i) => ({
          bidder: id,
          label: ["spam", "ham"][i] ?? "",
          confidence: claims[i] ?? null,
          measured: true,
        })),
        emptyMarket(),
        "spam",
        features,
      ).map((outcome) => outcome?.worth ?? Number.NaN);

    /** Share of accepted answers each is believed to give, after 300 of both; of some the truth is told. */
    function believed(
      seed: string,
      claim: (i: number, right: boolean) => number | null,
      { told = 0, measured = true } = {},
    ): number[] {
      const state: MarketState = emptyMarket();
      const random = seededRandom(seed);
      const skill = [0.75, 0.92];
      for (let n = 0; n < 300; n++) {
        const votes = two.map(({ id }, i) => {
          const right = random() < (skill[i] ?? 0);
          return { bidder: id, label: right ? "spam" : "ham", confidence: claim(i, right), measured };
        });
        const outcomes = agreementOutcomes(votes, state, "spam", features);
        const isTold = random() < told;
        const attempts = votes.map(({ bidder, label, confidence }, i) => {
          const worth = label === "spam" ? 1 : 0;
          const word: Outcome = { worth, source: "feedback", reliability: { trueAccept: 0.99, trueReject: 0.99 } };
          return attempt(bidder, isTold ? word : (outcomes[i] ?? null), confidence);
        });
        learn(state, settlement(attempts, n, { tenant: `t${n}`, kind: "spam", features }), two);
      }
      const request = requestOf({ kind: "spam", closed: true, features });
      const { bids } = decided(decide(state, two, request, pacing, seededRandom("two")));
      return two.map(({ id }) => bids.find((bid) => bid.bidder === id)?.accept.mean ?? Number.NaN);
    }
    const seeds = ["one", "two", "three", "four", "five"];

    it("tells who errs by what they claim where they contradict each other", () => {
      const claims = [
        { right: 0.8, wrong: 0.65 },
        { right: 0.95, wrong: 0.75 },
      ];
      for (const seed of seeds) {
        const [worse = 1, better = 0] = believed(seed, (i, right) => claims[i]?.[right ? "right" : "wrong"] ?? null);
        expect([seed, better - worse > 0.08]).toEqual([seed, true]);
        // Who claims nothing is not told from the other: neither is believed to be that much better.
        const silent = believed(seed, () => null);
        expect([seed, Math.abs((silent[0] ?? 1) - (silent[1] ?? 0)) < 0.06]).toEqual([seed, true]);
      }
    });

    it("believes feedback, not a boast: what a bidder's word is worth is learned from it", () => {
      const boast = (i: number) => (i === 0 ? 1 : 0.8);
      for (const seed of seeds) {
        const [boasts = 0, better = 1] = believed(seed, boast, { told: 0.5 });
        expect([seed, better - boasts > 0.05]).toEqual([seed, true]);
      }
    });

    it("gives nothing for a loud word of which nobody measured what it means", () => {
      for (const seed of seeds) {
        const [loud, quiet] = believed(seed, (i) => (i === 0 ? 0.99 : 0.7), { measured: false });
        const silent = believed(seed, () => null);
        expect([seed, loud, quiet]).toEqual([seed, ...silent]);
      }
      const [told, asked] = believed("one", (i) => (i === 0 ? 0.99 : 0.7));
      expect(told).toBeGreaterThan((asked ?? 1) + 0.1);
    });

    it("takes two that agree on most for right on most", () => {
      // They agree on 71 of 100, as two of 83 % each would.
      for (const seed of seeds)
        for (const mean of believed(seed, () => null)) expect([seed, mean > 0.7 && mean < 0.95]).toEqual([seed, true]);
    });

    it("takes agreement for no more than it was measured to be worth", () => {
      const votes = two.map(({ id }) => ({ bidder: id, label: "spam", confidence: 0.95, measured: true }));
      const worth = (state: MarketState) => agreementOutcomes(votes, state, "spam", features)[0]?.worth ?? Number.NaN;
      const state = emptyMarket();
      const before = worth(state);
      // Both were wrong together, again and again: feedback against what agreement had said.
      for (let n = 0; n < 200; n++) {
        const against = { source: "agreement" as const, worth: 1 };
        const word: Outcome = { worth: n % 2, source: "feedback", reliability: truth, against };
        learn(state, settlement([attempt("z/9", word)], n, { tenant: `t${n}`, kind: "draft", features }), [
          bidder("z/9", 0.1, { serves: ["draft"] }),
        ]);
      }
      expect(before).toBeGreaterThan(0.97);
      expect(worth(state)).toBeLessThan(before - 0.005);
    });

    it("takes a claim for no more than .95, and none where only one names it", () => {
      expect(worthsOf([1, 0.6])).toEqual(worthsOf([0.95, 0.6]));
      expect(worthsOf([0.95, null])).toEqual(worthsOf([null, null]));
      expect(worthsOf([0.95, Number.NaN])).toEqual(worthsOf([null, null]));
      const [surer = 0, less = 0] = worthsOf([0.9, 0.6]);
      expect(surer).toBeGreaterThan(2 * less);
      expect(surer + less).toBeLessThan(1);
    });
  });
});

describe("reliabilityOf", () => {
  it("moves from what is assumed to what audits measured", () => {
    const state = emptyMarket();
    const before = reliabilityOf(state, "judge");
    for (let n = 0; n < 200; n++) {
      const outcome: Outcome = {
        worth: n % 2,
        source: "audit",
        reliability: truth,
        against: { source: "judge", worth: n % 2 === 1 || n % 8 === 0 ? 1 : 0 },
      };
      // The word of one tenant alone is capped.
      const tenant = `t${n % 20}`;
      learn(state, settlement([attempt("a/1", outcome)], n, { tenant, kind: "spam", features, atMs: startMs }), voters);
    }
    const after = reliabilityOf(state, "judge");
    expect(after.audits).toBe(200);
    expect(after.trueAccept).toBeGreaterThan(before.trueAccept);
    expect(after.trueReject).toBeLessThan(0.78);
    expect(after.trueReject).toBeGreaterThan(0.7);
  });
});
