import { expect, test } from "vitest";
import { calibrationError, claimError, recordClaim } from "../../src/market/claim-record.ts";
import { answeredClaim, decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { standing } from "../../src/market/standing.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const emptyRow = () => {
  const state = emptyMarket();
  learn(state, settlement([], 0, { atMs: startMs }), [bidder("a/1", 1)]);
  const row = state.kinds.answer?.rows[0];
  if (row === undefined) throw new Error("no row");
  return row;
};

test("claims that hold on average show no error beyond chance; claims that do not show theirs", () => {
  for (const [happens, least, most] of [
    [0.7, 0, 0.002],
    [0.45, 0.04, 0.085],
  ] as const) {
    let sum = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(`claims/${happens}/${seed}`);
      const row = emptyRow();
      for (let i = 0; i < 300; i++) recordClaim(row, 0.7, random() < happens ? 1 : 0);
      expect(claimError(row)).toBeGreaterThanOrEqual(0);
      sum += claimError(row);
    }
    expect(sum / 40).toBeGreaterThanOrEqual(least);
    expect(sum / 40).toBeLessThanOrEqual(most);
  }
});

test("corrected verdicts of a weak source are noise, not error", () => {
  // True-accept .65, true-reject .65: a corrected worth is -1.17 or 2.17.
  const q = 0.7 * 0.65 + 0.3 * 0.35;
  let sum = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(`weak/${seed}`);
    const row = emptyRow();
    for (let i = 0; i < 300; i++) recordClaim(row, 0.7, ((random() < q ? 1 : 0) - 0.35) / 0.3, (q * (1 - q)) / 0.09);
    sum += claimError(row);
  }
  expect(sum / 40).toBeLessThan(0.01);
});

test("a few claims say nothing yet, and no bid is less certain than its mean allows", () => {
  const row = emptyRow();
  for (let i = 0; i < 19; i++) recordClaim(row, 0.9, 0);
  expect(claimError(row)).toBe(0);
  recordClaim(row, 0.9, 0);
  expect(claimError(row)).toBeGreaterThan(0.5);
  const state = emptyMarket();
  const bidders = [bidder("a/1", 1), bidder("b/2", 1)];
  learn(state, settlement([], 0, { atMs: startMs }), bidders);
  const known = state.kinds.answer?.rows.find((one) => one.bidder === "a/1");
  if (known === undefined) throw new Error("no row");
  for (let i = 0; i < 50; i++) recordClaim(known, 0.9, 0);
  const { bids } = decided(decide(state, bidders, request({ nowMs: startMs }), pacing, seededRandom("sd")));
  for (const { accept } of bids)
    expect(accept.sd).toBeLessThanOrEqual(Math.sqrt(accept.mean * (1 - accept.mean)) + 1e-3);
  expect(bids[0]?.accept.sd).toBeGreaterThan(bids[1]?.accept.sd ?? 1);
});

test("claims found wrong widen the bidder's next bids and its standing", () => {
  const bidders = [bidder("a/1", 1), bidder("b/2", 1)];
  const state = emptyMarket();
  const random = seededRandom("wrong claims");
  for (let i = 1; i <= 60; i++) {
    const nowMs = startMs + i * 1000;
    const decision = decided(decide(state, bidders, request({ nowMs, maxAttempts: 1 }), pacing, random));
    learn(
      state,
      settlement([report(decision, decision.award[0]?.bidder ?? "", i % 4 ? 1 : 0)], i, { atMs: nowMs }),
      bidders,
    );
  }
  const bidOf = () => {
    const asked = request({ nowMs: startMs + 61_000, maxAttempts: 1 });
    const decision = decided(decide(state, bidders, asked, pacing, seededRandom("look")));
    return decision.bids.find((bid) => bid.bidder === "a/1");
  };
  const before = bidOf();
  const rangeOf = () => {
    const kind = standing(state, bidder("a/1", 1), startMs + 61_000).kinds.find((one) => one.kind === "answer");
    return (kind?.accept.high ?? 0) - (kind?.accept.low ?? 0);
  };
  const range = rangeOf();
  const row = state.kinds.answer?.rows.find((one) => one.bidder === "a/1");
  if (row === undefined) throw new Error("no row");
  // Nothing but the record of claims changes: 200 claims of 90 % of which half held.
  for (let i = 0; i < 200; i++) recordClaim(row, 0.9, i % 2);
  row.recent = 0;
  const after = bidOf();
  expect(after?.accept.sd).toBeGreaterThan(1.2 * (before?.accept.sd ?? 1));
  expect(rangeOf()).toBeGreaterThan(range);
});

test("a calibration error is a share, also where corrected verdicts of a few claims lie beyond 0 and 1", () => {
  const row = emptyRow();
  for (let i = 0; i < 2; i++) recordClaim(row, 0.7, 2.17);
  expect(calibrationError(row)).toBeCloseTo(0.3, 12);
  recordClaim(row, 0.7, -1.17);
  expect(calibrationError(row)).toBeCloseTo(0.3, 12);
  recordClaim(row, 0.7, -1.17);
  expect(calibrationError(row)).toBeCloseTo(0.7 - 0.5, 12);
});

test("a claim is scored on the answers that came for what it said of those: errors have a record of their own", () => {
  const state = emptyMarket();
  const one = bidder("a/1", 1);
  const random = seededRandom("flaky");
  for (let n = 0; n < 600; n++) {
    const nowMs = startMs + n * 1000;
    const d = decided(decide(state, [one], request({ nowMs }), pacing, random));
    const fails = random() < 0.35;
    const claimed = {
      accept: d.bids[0]?.accept.mean ?? 0,
      answered: answeredClaim(d, "a/1") ?? 0,
      costNano: 0,
      totalMs: 1,
    };
    const worth = random() < 0.9 ? 1 : 0;
    const told = fails ? report(d, "a/1", null, { failure: "server-error" }) : report(d, "a/1", worth, { claimed });
    learn(state, settlement([told], n), [one]);
  }
  const bid = decided(decide(state, [one], request({ nowMs: startMs + 600_000 }), pacing, random)).bids[0];
  // It claims what a caller gets, errors and all.
  expect(bid?.accept.mean).toBeLessThan(0.7);
  expect(standing(state, one, startMs + 600_000).kinds[0]?.calibrationError).toBeLessThan(0.05);
});

test("a fall-back's claim is scored for the inputs that its leader failed on", () => {
  const two = [bidder("a/1", 1), bidder("b/2", 5)];
  const state = emptyMarket();
  const random = seededRandom("unforeseen");
  for (let n = 0; n < 1200; n++) {
    const d = decided(decide(state, two, request({ nowMs: startMs + n * 1000 }), pacing, random));
    const p = random() < 0.5 ? 0.95 : 0.35;
    const worth = random() < p ? 1 : 0;
    const attempts = [report(d, "a/1", worth, { round: 1, after: [] })];
    const next = { role: "fallback", round: 1, after: ["a/1"] };
    if (!worth) attempts.push(report(d, "b/2", random() < p ? 1 : 0, next));
    learn(state, settlement(attempts, n), two);
  }
  const b = standing(state, two[1] as (typeof two)[0], startMs + 1_200_000);
  expect(b.kinds[0]?.calibrationError).toBeLessThan(0.06);
});

test("a bidder's reputation is that of its claims, not of its answers", () => {
  const reputation = (happens: number, claimed: number, n = 500) => {
    const state = emptyMarket();
    const random = seededRandom(`reputation/${happens}`);
    const one = bidder("a/1", 1);
    const d = decided(decide(state, [one], request(), pacing, random));
    for (let t = 0; t < n; t++) {
      const told = { accept: claimed, costNano: 0, totalMs: 1 };
      learn(state, settlement([report(d, "a/1", random() < happens ? 1 : 0, { claimed: told })], t), [one]);
    }
    return standing(state, one, startMs + n * 1000).reputation;
  };
  expect(reputation(0.5, 0.5)).toBeGreaterThan(0.75);
  expect(reputation(0.9, 0.9)).toBeGreaterThan(0.75);
  expect(reputation(0.95, 0.75)).toBeLessThan(0.4);
  expect(reputation(0.9, 0.9, 5)).toBe(0.5);
});
