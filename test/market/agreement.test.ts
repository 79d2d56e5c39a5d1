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
const attempt = (id: string, outcome: Outcome | null) => ({
  attempt: id,
  bidder: id,
  role: "audit",
  claimed: { accept: 0.7, costNano: 0, totalMs: 1 },
  outcome,
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
