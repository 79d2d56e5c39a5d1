import fc from "fast-check";
import { expect, it } from "vitest";
import { type Counters, count, durationEndsMs, noCounters, others } from "../../src/job/counters.ts";
import type { JobSummary } from "../../src/job/job-summary.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import { maxPartChars } from "../../src/store/market-store.ts";
import { attempt, message } from "../store/messages.ts";

const summary = (over: Partial<JobSummary>): JobSummary => ({ ...message(1).summary, ...over });
const settled = (over: Partial<Settlement>): Settlement => {
  const [first] = message(1).settlements;
  if (first === undefined) throw new Error("a message has a settlement");
  return { ...first, ...over };
};
const sum = (numbers: (number | undefined)[]): number => numbers.reduce<number>((all, n) => all + (n ?? 0), 0);

it("counts jobs by what they were, and how long they took", () => {
  const counters = count(
    noCounters(),
    [
      summary({ kind: "answer", status: "succeeded", via: "http", createdAtMs: 0, endedAtMs: 100 }),
      summary({ kind: "answer", status: "succeeded", via: "http", createdAtMs: 0, endedAtMs: 101 }),
      summary({ kind: "answer", status: "failed", via: "http", createdAtMs: 0, endedAtMs: 10_000_000 }),
    ],
    [],
  );
  expect(counters.jobs).toEqual({ "answer succeeded http": 2, "answer failed http": 1 });
  const { bins = [], sumMs } = counters.durations.answer ?? {};
  expect([bins[0], bins[1], bins[durationEndsMs.length], sum(bins), sumMs]).toEqual([1, 1, 1, 3, 10_000_201]);
});

it("counts attempts by what they came to, and none again that feedback or an audit is about", () => {
  const truth = { trueAccept: 1, trueReject: 1 };
  const attempts = [
    attempt("j", 0, { bidder: "a/one", outcome: { worth: 1, source: "criteria", reliability: truth } }),
    attempt("j", 1, { bidder: "a/one", outcome: { worth: 0.2, source: "judge", reliability: truth } }),
    attempt("j", 2, { bidder: "a/one", outcome: null, failure: "rate-limited", firstTokenMs: null }),
    attempt("j", 3, { bidder: "a/one", outcome: null, censored: true }),
    attempt("j", 4, { bidder: "a/one", outcome: null, timed: false }),
    attempt("j", 5, { bidder: "a/one", outcome: null, unreadable: true }),
  ];
  const counters = count(
    noCounters(),
    [],
    [settled({ attempts }), settled({ attempts, again: true }), settled({ attempts, key: "job_1/answer/feedback/1" })],
  );
  expect(counters.bidders["a/one"]).toMatchObject({
    results: { accepted: 1, rejected: 2, failed: 1, cut: 1, unknown: 1 },
    failures: { "rate-limited": 1 },
    costNano: sum(attempts.map((one) => one.costNano)),
    inputTokens: 1800,
    outputTokens: 240,
    firstToken: { sumMs: 4 * 120 },
  });
});

it("keeps to its bound whatever comes, loses none, and grows only", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.string({ maxLength: 128, unit: "binary" }), fc.nat(1e12), fc.constantFrom("answer", "code")),
        { minLength: 300, maxLength: 600 },
      ),
      fc.constantFrom("__proto__", "constructor", "tenant"),
      (names, odd) => {
        const jobs = [...names, [odd, 5, "answer"] as const].map(([name, costNano, kind]) =>
          summary({ tenant: name, kind, via: name.slice(0, 5), costNano, createdAtMs: 0, endedAtMs: costNano }),
        );
        const attempts = names.map(([name, costNano], n) =>
          attempt("j", n, { bidder: name, costNano, failure: n % 3 === 0 ? "total-timeout" : null }),
        );
        const half = Math.floor(jobs.length / 2);
        const counters = count(noCounters(), jobs.slice(0, half), []);
        // As it is stored between batches.
        const read = JSON.parse(JSON.stringify(counters)) as Counters;
        const all = count(read, jobs.slice(half), [settled({ attempts })]);
        expect(JSON.stringify(all).length).toBeLessThan(maxPartChars);
        expect(sum(Object.values(all.jobs))).toBe(jobs.length);
        expect(sum(Object.values(all.tenants).map((its) => its.jobs))).toBe(jobs.length);
        expect(sum(Object.values(all.tenants).map((its) => its.costNano))).toBe(sum(jobs.map((job) => job.costNano)));
        expect(sum(Object.values(all.bidders).flatMap((its) => Object.values(its.results)))).toBe(attempts.length);
        if (new Set(names.map(([name]) => name)).size > 200) expect(Object.keys(all.tenants)).toContain(others);
      },
    ),
    { numRuns: 20 },
  ));

it("keeps to its bound with long names, every reason and large sums, and folds those with least", () => {
  const reasons = [
    "rate-limited",
    "server-error",
    "first-token-timeout",
    "stall-timeout",
    "connection-lost",
    "malformed-stream",
    "content-filter",
    "empty-answer",
    "cut-short",
    "no-capacity",
  ] as const;
  const long = (name: string, i: number) => `${name}-${i}`.padEnd(120, "x");
  const counters = noCounters();
  for (let i = 0; i < 90; i++) {
    const attempts = Array.from({ length: 12 + i }, (_, n) =>
      attempt("j", n, {
        bidder: long("bidder", i),
        costNano: 1e12 + n,
        outcome: n % 3 === 0 ? null : { worth: n % 2, source: "judge", reliability: { trueAccept: 1, trueReject: 1 } },
        failure: n % 3 === 0 ? (reasons[n % reasons.length] ?? null) : null,
        inputTokens: 1e9,
        outputTokens: 1e9,
      }),
    );
    const jobs = Array.from({ length: 2 }, () => summary({ tenant: long("tenant", i), costNano: 1e13 }));
    count(counters, jobs, [settled({ attempts })]);
    expect(JSON.stringify(counters).length).toBeLessThanOrEqual(60_000);
  }
  expect(Object.keys(counters.bidders)).toContain(others);
  // Who has most is told apart for as long as there is room.
  expect(Object.keys(counters.bidders).length).toBeGreaterThan(30);
  const all = Array.from({ length: 90 }, (_, i) => 12 + i).reduce((x, y) => x + y, 0);
  expect(sum(Object.values(counters.bidders).flatMap((its) => Object.values(its.results)))).toBe(all);
  expect(sum(Object.values(counters.tenants).map((its) => its.jobs))).toBe(180);
});
