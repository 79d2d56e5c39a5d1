import type { D1Database } from "@cloudflare/workers-types";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noCounters } from "../../src/job/counters.ts";
import { learn, type MarketState } from "../../src/market/market.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import { loadCounters } from "../../src/store/counters.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { ExampleStore } from "../../src/store/example-store.ts";
import { JobList } from "../../src/store/job-list.ts";
import { countersPart, loadMarket } from "../../src/store/market-store.ts";
import { type SettleReport, settleBatch } from "../../src/store/settle-batch.ts";
import { dump, localD1, wipe } from "./local-d1.ts";
import { bidders, message, nowMs, settlement } from "./messages.ts";

let d1: D1Database;
let db: Database;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ d1, stop } = await localD1());
  db = openDatabase(d1);
}, 30_000);
afterAll(() => stop());
beforeEach(() => wipe(d1));

const counts = ({ learned, ended, ...rest }: SettleReport) => ({
  ...rest,
  settled: learned.length,
  jobs: ended.length,
});

const outcomes = (state: MarketState): number =>
  Object.values(state.kinds).reduce((sum, kind) => sum + (kind?.outcomes ?? 0), 0);

/** Rows that must not depend on the order of arrival; what the market learned does, in its last digits. */
async function rows() {
  const all = await dump(d1);
  const { market_parts: _, ...rest } = all;
  return rest;
}

describe("settling", () => {
  it("counts what was settled once, however often it is told, and keeps it from the market", async () => {
    const [one, two] = [message(1), message(2)];
    await settleBatch(db, [one, one], bidders, nowMs);
    const once = await loadCounters(db);
    await settleBatch(db, [one], bidders, nowMs);
    expect(await loadCounters(db)).toEqual(once);
    await settleBatch(db, [one, two], bidders, nowMs);
    const both = await loadCounters(db);
    expect(both.tenants).toMatchObject({
      [one.summary.tenant]: { jobs: 1, costNano: one.summary.costNano },
      [two.summary.tenant]: { jobs: 1, costNano: two.summary.costNano },
    });
    const attempts = [one, two].flatMap((m) => m.settlements.flatMap((s) => s.attempts));
    const results = Object.values(both.bidders).flatMap((its) => Object.values(its.results));
    expect(results.reduce((sum, n) => sum + n, 0)).toBe(attempts.length);
    expect(Object.keys((await loadMarket(db)).kinds)).not.toContain("counters");
    // A later cost of the same job moves the books, not what was counted.
    await settleBatch(
      db,
      [{ ...one, revision: 1, summary: { ...one.summary, costNano: 9 }, settlements: [] }],
      bidders,
      nowMs,
    );
    expect(await loadCounters(db)).toEqual(both);
  });

  it("drops what a job kept of a kind of which its answer turned out to be wrong, and nothing else", async () => {
    const keeping = (n: number) => ({
      ...message(n),
      examples: ["draft", "summarise"].map((kind) => ({ kind, input: `input ${n}`, output: "output", only: free })),
    });
    await settleBatch(db, [keeping(1), keeping(3)], bidders, nowMs);
    const left = async () =>
      (await new ExampleStore(db).list("tenant-1")).map(({ job, kind }) => `${job} ${kind}`).sort();
    expect(await left()).toHaveLength(4);
    const [told] = message(1).settlements;
    if (told === undefined) throw new Error("a message has a settlement");
    const word = {
      ...message(1),
      settlements: [{ ...told, key: "job_1/main/feedback/1", again: true }],
      spoiled: ["draft"],
    };
    await settleBatch(db, [word, word], bidders, nowMs);
    expect(await left()).toEqual(["job_1 summarise", "job_3 draft", "job_3 summarise"]);
  });

  it("counts from nought where the counters are none", async () => {
    await d1.prepare("insert into market_parts values ('counters', 7, 'no json')").run();
    expect(await loadCounters(db)).toEqual(noCounters());
    await settleBatch(db, [message(1)], bidders, nowMs);
    expect(Object.values((await loadCounters(db)).jobs)).toEqual([1]);
  });

  it("keeps what jobs taught of their judges in a part of its own, once each", async () => {
    const one = message(1);
    const [first] = one.settlements;
    if (first === undefined) throw new Error("a message has a settlement");
    first.judges = [
      { judge: "test/large", lesson: { about: "verdict", said: "accept", good: false, weight: 0.99 } },
      { judge: "test/large", lesson: { about: "look", decided: true } },
    ];
    await settleBatch(db, [one, one], bidders, nowMs);
    await settleBatch(db, [one, message(2)], bidders, nowMs);
    const { judges } = await loadMarket(db);
    expect(judges?.profiles["test/large"]).toMatchObject({
      trueReject: { yes: 7, no: 3.99 },
      decides: { yes: 3, no: 2 },
    });
    const parts = (await dump(d1)).market_parts as { part: string }[];
    expect(parts.map((p) => p.part).sort()).toEqual(["answer", "counters", "judges", "shared"]);
  });

  it("keeps what became of accepted prefixes, and audits of judges, once each", async () => {
    const one = message(1);
    const [first] = one.settlements;
    if (first === undefined) throw new Error("a message has a settlement");
    const prefix = { bidder: "test/large", criteria: "length", quarter: 2, weight: 1 };
    first.prefixes = [
      { ...prefix, held: true },
      { ...prefix, held: false },
    ];
    first.judges = [{ judge: "test/large", lesson: { about: "audit", said: "accept", good: false, share: 0.03 } }];
    await settleBatch(db, [one, one], bidders, nowMs);
    await settleBatch(db, [one, message(2)], bidders, nowMs);
    const { breaks, judges } = await loadMarket(db);
    expect(breaks?.rows.map((row) => [row.bidder, row.counts])).toEqual([
      ["", [0, 0, 0, 0, 1, 1, 0, 0]],
      ["test/large", [0, 0, 0, 0, 1, 1, 0, 0]],
    ]);
    expect(judges?.profiles["test/large"]?.audits?.n).toBe(1);
    // A bet that no weight or quarter can have is no settlement.
    const bad = message(3);
    for (const settlement of bad.settlements) settlement.prefixes = [{ ...prefix, held: true, quarter: 7 }];
    expect((await settleBatch(db, [bad], bidders, nowMs)).rejected).toHaveLength(1);
  });

  it("writes summaries, keys, months, examples and the market in one batch", async () => {
    const messages = Array.from({ length: 100 }, (_, n) => message(n));
    const report = await settleBatch(db, messages, bidders, nowMs);
    expect(counts(report)).toMatchObject({
      settled: 100,
      repeated: 0,
      jobs: 100,
      rejected: [],
      oversized: [],
      tries: 1,
    });
    // A row each for 100 jobs and 100 keys; two months; three parts of the market; examples by distinct input and kind.
    expect(report.rowsWritten).toBeLessThan(300);
    const all = await dump(d1);
    expect(all.jobs).toHaveLength(100);
    expect(all.settled).toHaveLength(100);
    expect(all.usage_months).toEqual([
      expect.objectContaining({
        tenant: "tenant-0",
        month: "2026-11",
        jobs: 50,
        cost_nano: 50 * 2001,
        saved_nano: 7500,
      }),
      expect.objectContaining({
        tenant: "tenant-1",
        month: "2026-11",
        jobs: 50,
        cost_nano: 50 * 2001,
        saved_nano: 7500,
      }),
    ]);
    expect(all.market_parts).toEqual(
      ["answer", "counters", "shared", "spam"].map((part) => expect.objectContaining({ part, version: 1 })),
    );
    expect(outcomes(await loadMarket(db))).toBe(200);
    expect((await new JobList(db).list("tenant-1", { limit: 1, after: null })).jobs).toEqual([message(99).summary]);
  });

  it("writes nothing for a repeat", async () => {
    const messages = [message(0), message(1), message(4)];
    await settleBatch(db, messages, bidders, nowMs);
    const before = await dump(d1);
    const again = await settleBatch(db, [...messages, ...messages], bidders, nowMs + 5000);
    expect(counts(again)).toMatchObject({ settled: 0, repeated: 6, jobs: 0, rowsWritten: 0 });
    expect(await dump(d1)).toEqual(before);
  });

  it("learns feedback that comes later for a job already counted, once", async () => {
    const first = message(1);
    await settleBatch(db, [first], bidders, nowMs);
    const given = first.settlements.map((s) => ({ ...s, key: `${s.key}/feedback/1`, atMs: s.atMs + 1000 }));
    const feedback = { ...first, settlements: given };
    expect(counts(await settleBatch(db, [feedback, feedback], bidders, nowMs))).toMatchObject({
      settled: 1,
      repeated: 1,
      jobs: 0,
    });
    expect(outcomes(await loadMarket(db))).toBe(4);
    expect((await new JobList(db).usage("tenant-1"))[0]).toMatchObject({ jobs: 1, costNano: 2001 });
  });

  it("replaces the cost of a job that was reconciled, and moves its month by the difference, in any order", async () => {
    const first = message(1);
    const revise = (revision: number, costNano: number) => ({
      ...first,
      summary: { ...first.summary, costNano },
      revision,
    });
    const deliveries = [first, revise(1, 1500), revise(2, 900), message(3)];
    const wanted = [{ ...message(3).summary }, { ...first.summary, costNano: 900 }];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...deliveries, ...deliveries], { minLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        async (queue, size) => {
          await wipe(d1);
          const reports: SettleReport[] = [];
          for (let at = 0; at < queue.length; at += size)
            reports.push(await settleBatch(db, queue.slice(at, at + size), bidders, nowMs));
          const list = new JobList(db);
          expect((await list.list("tenant-1", { limit: 9, after: null })).jobs).toEqual(wanted);
          expect(await list.usage("tenant-1")).toEqual([
            { month: "2026-11", jobs: 2, costNano: 900 + 2001, savedNano: 300, savedTokens: 24 },
          ]);
          expect(reports.reduce((sum, r) => sum + r.ended.length, 0)).toBe(2);
          expect(outcomes(await loadMarket(db))).toBe(4);
        },
      ),
      { numRuns: 12 },
    );
    const again = await settleBatch(db, [revise(2, 900), revise(1, 1500), first], bidders, nowMs);
    expect(again.rowsWritten).toBe(0);
  }, 30_000);

  it("counts a job in the month that its tenant's books have it in, and so its corrections", async () => {
    // Lent from October, accepted at its end, ended in November.
    const over = { endedAtMs: Date.UTC(2026, 10, 1, 0, 0, 1), createdAtMs: Date.UTC(2026, 9, 31, 23, 59, 58) };
    const first = { ...message(1, over), month: "2026-10" };
    await settleBatch(db, [first, message(3)], bidders, nowMs);
    const list = new JobList(db);
    const months = async () =>
      (await list.usage("tenant-1")).map(({ month, jobs, costNano }) => [month, jobs, costNano]);
    expect(await months()).toEqual([
      ["2026-11", 1, 2001],
      ["2026-10", 1, 2001],
    ]);
    const revised = { ...first, summary: { ...first.summary, costNano: 500 }, revision: 1 };
    await settleBatch(db, [revised], bidders, nowMs);
    expect(await months()).toEqual([
      ["2026-11", 1, 2001],
      ["2026-10", 1, 500],
    ]);
    // What cannot be a month is none.
    await settleBatch(db, [{ ...message(5, over), month: "October" }], bidders, nowMs);
    expect((await months())[0]).toEqual(["2026-11", 2, 4002]);
  });

  it("moves a month once for a revision that two consumers have", async () => {
    const first = message(1);
    await settleBatch(db, [first], bidders, nowMs);
    const revised = { ...first, summary: { ...first.summary, costNano: 500 }, revision: 1 };
    await Promise.all([1, 2, 3].map(() => settleBatch(db, [revised], bidders, nowMs)));
    expect((await new JobList(db).usage("tenant-1"))[0]).toMatchObject({ jobs: 1, costNano: 500 });
  });

  it("gives the same rows for any permutation, cut and repetition", async () => {
    const messages = Array.from({ length: 12 }, (_, n) => message(n));
    await settleBatch(db, messages, bidders, nowMs);
    const once = await rows();
    const deliveries = fc
      .tuple(
        fc.shuffledSubarray(messages, { minLength: 12 }),
        fc.array(fc.constantFrom(...messages), { maxLength: 12 }),
      )
      .chain(([all, repeats]) =>
        fc.tuple(
          fc.shuffledSubarray([...all, ...repeats], { minLength: all.length + repeats.length }),
          fc.integer({ min: 4, max: 12 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(deliveries, async ([queue, size]) => {
        await wipe(d1);
        for (let at = 0; at < queue.length; at += size)
          await settleBatch(db, queue.slice(at, at + size), bidders, nowMs);
        expect(await rows()).toEqual(once);
        expect(outcomes(await loadMarket(db))).toBe(24);
      }),
      { numRuns: 5 },
    );
  }, 30_000);

  it("neither doubles nor loses with consumers side by side on overlapping batches", async () => {
    const messages = Array.from({ length: 60 }, (_, n) => message(n));
    const batches = [messages.slice(0, 30), messages.slice(15, 45), messages.slice(30), messages.slice(0, 60)];
    const reports = await Promise.all(batches.map((batch) => settleBatch(db, batch, bidders, nowMs)));
    expect(reports.reduce((sum, r) => sum + r.learned.length, 0)).toBe(60);
    expect(reports.reduce((sum, r) => sum + r.ended.length, 0)).toBe(60);
    expect(outcomes(await loadMarket(db))).toBe(120);
    const all = await dump(d1);
    expect(all.jobs).toHaveLength(60);
    expect(all.usage_months?.map((m) => (m as { jobs: number }).jobs)).toEqual([30, 30]);
  }, 20_000);

  it("rolls the whole batch back and tries again when a part of the market moved in between", async () => {
    await settleBatch(db, [message(1)], bidders, nowMs);
    // Another consumer commits exactly between this one's read and its write.
    let rival: Promise<unknown> | null = null;
    const between = new Proxy(d1, {
      get(target, name) {
        if (name !== "batch") return Reflect.get(target, name).bind(target);
        return async (statements: Parameters<D1Database["batch"]>[0]) => {
          const writing = rival === null && statements.length > 3;
          if (writing) {
            rival = settleBatch(db, [message(2)], bidders, nowMs);
            await rival;
          }
          return target.batch(statements);
        };
      },
    });
    const report = await settleBatch(openDatabase(between), [message(5)], bidders, nowMs);
    expect(rival).not.toBeNull();
    expect(counts(report)).toMatchObject({ settled: 1, tries: 2 });
    expect(outcomes(await loadMarket(db))).toBe(6);
    const all = await dump(d1);
    expect(all.settled).toHaveLength(3);
    expect(all.market_parts).toContainEqual(expect.objectContaining({ part: "shared", version: 3 }));
  });
});

describe("bad messages", () => {
  it("reports poison and settles the others", async () => {
    const good = message(1);
    const poison: unknown[] = [
      null,
      "text",
      { summary: {} },
      { ...message(3), summary: { ...message(3).summary, costNano: Number.NaN } },
      { ...message(2), summary: { ...message(2).summary, status: "no-such-status" } },
      { ...message(4), revision: -1 },
    ];
    const report = await settleBatch(db, [...poison, good], bidders, nowMs);
    expect(report.rejected.map((r) => r.index)).toEqual(poison.map((_, i) => i));
    expect(report.rejected.every((r) => r.reason.length > 0 && r.reason.length <= 300)).toBe(true);
    expect(counts(report)).toMatchObject({ settled: 1, jobs: 1 });
    expect((await dump(d1)).jobs).toHaveLength(1);
  });

  it.each<[string, (one: Settlement) => object]>([
    ["of an unknown kind", (one) => ({ ...one, kind: "no-such-kind" })],
    [
      "with a duration below zero",
      (one) => ({ ...one, attempts: one.attempts.map((a) => ({ ...a, totalMs: -2000 })) }),
    ],
    [
      "with a first token before its call",
      (one) => ({ ...one, attempts: [{ ...one.attempts[0], firstTokenMs: -1965 }] }),
    ],
    ["with more tokens than there are", (one) => ({ ...one, attempts: [{ ...one.attempts[0], outputTokens: 2e12 }] })],
    // One tenant's message must not speak for another's job, nor for another tenant.
    ["of another job", () => settlement("job_5", "main", "answer", nowMs, "tenant-0")],
    ["of another tenant", (one) => ({ ...one, tenant: "somebody-else" })],
    ["from the future", (one) => ({ ...one, atMs: nowMs + 40 * 86_400_000 })],
  ])("leaves out a lesson %s, says so, and has the job with its seal and its other lessons", async (_, spoil) => {
    const seal = { events: 9, sha256: "a".repeat(64) };
    const whole = message(2, { seal });
    const other = settlement("job_2", "other", "answer", nowMs, "tenant-0");
    const spoilt = { ...whole, settlements: [...whole.settlements.map(spoil), other] };
    const report = await settleBatch(db, [spoilt, message(1)], bidders, nowMs);
    expect(report.rejected).toEqual([{ index: 0, reason: expect.stringMatching(/./) }]);
    expect(report.learned.map((one) => one.key)).toEqual(expect.arrayContaining(["job_1/main", "job_2/other"]));
    expect(report.learned).toHaveLength(2);
    const list = new JobList(db);
    expect((await list.one("tenant-0", "job_2", whole.summary.createdAtMs))?.seal).toEqual(seal);
    expect(await list.usage("tenant-0")).toEqual([expect.objectContaining({ jobs: 1, costNano: 2001 })]);
    // The queue brings it again until it gives up.
    const again = await settleBatch(db, [spoilt], bidders, nowMs);
    expect(counts(again)).toMatchObject({ settled: 0, jobs: 0, rowsWritten: 0, rejected: [{ index: 0 }] });
  });

  it("lists a job whose numbers no column holds, with the nearest that one does", async () => {
    const { summary } = message(2);
    const odd = { ...message(2), summary: { ...summary, costNano: 1e17, savedNano: -3, savedTokens: 5e12 } };
    const report = await settleBatch(db, [odd], bidders, nowMs);
    expect(counts(report)).toMatchObject({ settled: 1, jobs: 1, rejected: [{ index: 0 }] });
    expect((await new JobList(db).list("tenant-0", { limit: 1, after: null })).jobs).toEqual([
      { ...summary, costNano: Number.MAX_SAFE_INTEGER, savedNano: 0, savedTokens: 1e12 },
    ]);
  });

  it("learns nothing of a message the market throws over, notes its job once, and settles the others as without it", async () => {
    await settleBatch(db, [message(1), message(5)], bidders, nowMs);
    const without = await dump(d1);
    await wipe(d1);
    const fails: typeof learn = (state, one, given) => {
      learn(state, one, given);
      if (one.key === "job_2/main") throw new TypeError("half-way");
    };
    const report = await settleBatch(db, [message(1), message(2), message(5)], bidders, nowMs, fails);
    expect(counts(report)).toMatchObject({ settled: 2, jobs: 3, rejected: [{ index: 1 }] });
    // The queue brings it again until it gives up.
    expect(counts(await settleBatch(db, [message(2)], bidders, nowMs, fails))).toMatchObject({ settled: 0, jobs: 0 });
    const { jobs, usage_months: _, ...learned } = await dump(d1);
    const { jobs: others, usage_months: __, ...learnedWithout } = without;
    const market = ({ market_parts: parts = [], ...rest }: Partial<Awaited<ReturnType<typeof dump>>>) => ({
      ...rest,
      parts: parts.filter((one) => (one as { part: string }).part !== countersPart),
    });
    expect(market(learned)).toEqual(market(learnedWithout));
    // Its job ended, whatever can be learned of it.
    expect(Object.values((await loadCounters(db)).jobs)).toEqual([3]);
    expect(jobs).toHaveLength(3);
    expect(jobs).toEqual(expect.arrayContaining(others ?? []));
  });
});

const free = { bidders: null, region: null };

describe("examples", () => {
  it("keeps the 50 newest a tenant and kind, one for an input, and shows no tenant another's", async () => {
    const messages = Array.from({ length: 70 }, (_, n) => ({
      ...message(n, { tenant: "a" }),
      settlements: [],
      examples: [{ kind: "answer", input: `question ${n}`, output: `answer ${n}`, only: free }],
    }));
    for (const part of [messages.slice(40), messages.slice(0, 40)]) await settleBatch(db, part, bidders, nowMs);
    const mine = await new ExampleStore(db).ofTenant("a");
    expect(mine.answer).toHaveLength(50);
    expect(mine.answer?.[0]).toEqual({ input: "question 69", output: "answer 69", only: free });
    expect(mine.answer?.at(-1)).toEqual({ input: "question 20", output: "answer 20", only: free });
    expect(await new ExampleStore(db).ofTenant("b")).toEqual({});
    const newer = {
      ...message(80, { tenant: "a" }),
      settlements: [],
      examples: [{ kind: "answer", input: "question 30", output: "better", only: free }],
    };
    await settleBatch(db, [newer], bidders, nowMs);
    const after = await new ExampleStore(db).ofTenant("a");
    expect(after.answer).toHaveLength(50);
    expect(after.answer?.[0]).toEqual({ input: "question 30", output: "better", only: free });
    expect(await new ExampleStore(db).forget("a")).toBe(50);
    const only = { bidders: ["test/small"], region: "eu" };
    const confined = {
      ...message(81, { tenant: "a" }),
      examples: [{ kind: "answer", input: "q", output: "o", only }],
    };
    const untold = { ...message(82, { tenant: "a" }), examples: [{ kind: "answer", input: "of before", output: "o" }] };
    await settleBatch(db, [confined, untold], bidders, nowMs);
    expect(await new ExampleStore(db).ofTenant("a")).toEqual({ answer: [{ input: "q", output: "o", only }] });
    // Each answer to one input is as confined as the job it is of.
    const said = (n: number, output: string, more: object) => ({
      ...message(n, { tenant: "a" }),
      examples: [{ kind: "answer", input: "q", output, only: free, ...more }],
    });
    await settleBatch(db, [said(83, "free", {})], bidders, nowMs);
    expect(await new ExampleStore(db).ofTenant("a")).toEqual({ answer: [{ input: "q", output: "free", only: free }] });
    await settleBatch(db, [said(84, "kept close", { only })], bidders, nowMs);
    expect(await new ExampleStore(db).ofTenant("a")).toEqual({ answer: [{ input: "q", output: "kept close", only }] });
  });

  it("drops what no prompt could carry and what SQLite's JSON would change", async () => {
    const odd = {
      ...message(1, { tenant: "a" }),
      examples: [
        { kind: "answer", input: "x".repeat(6001), output: "", only: free },
        { kind: "answer", input: "nul \0 and half \ud83d", output: "emoji 😀", only: free },
      ],
    };
    await settleBatch(db, [odd], bidders, nowMs);
    expect(await new ExampleStore(db).ofTenant("a")).toEqual({
      answer: [{ input: "nul  and half \ufffd", output: "emoji 😀", only: free }],
    });
  });
});
