import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconcileCost } from "../../src/engine/reconcile.ts";
import { fold } from "../../src/job/evolve.ts";
import { explain } from "../../src/job/explain.ts";
import type { Job } from "../../src/job/job.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import { settlementMessages } from "../../src/job/settlement-messages.ts";
import { csv, ledgerCsv, ledgerTotals } from "../../src/money/ledger.ts";
import { costOf } from "../../src/money/price.ts";
import { priceOn } from "../../src/money/price-book.ts";
import { affordableTokens, reservationOf } from "../../src/money/reservation.ts";
import { bidderOf, fails, flush, requestOf, says, World } from "../engine/world.ts";
import { crowd } from "./crowd.ts";

const iso = (ms: number) => new Date(ms).toISOString();

describe("a job's ledger", () => {
  it("has one cost an attempt and one charge an accepted microtask, and adds up to the job's cost", async () => {
    let first = "";
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], (call) =>
      call.bidder === first ? fails("overloaded") : says("Paris."),
    );
    world.accept(requestOf());
    first = world.run?.job.microtasks[0]?.decisions[0]?.award[0]?.bidder ?? "";
    const job = await world.settle();
    const entries = ledgerOf(job);
    expect(entries.map((e) => [e.type, e.nano > 0])).toEqual([
      ["cost", false],
      ["cost", true],
      ["charge", true],
    ]);
    const totals = ledgerTotals([...entries, ...entries]);
    expect(totals).toEqual({ costNano: job.costNano, chargeNano: job.costNano, reservedNano: 0 });
    // A second charge of the same microtask in the log is none.
    const charge = world.log.find((e) => e.type === "microtask-charged");
    const again = fold([...world.log, { ...(charge ?? world.log[0]), seq: 999, chargeNano: 7 } as never]);
    expect(again === null ? 0 : ledgerTotals(ledgerOf(again)).chargeNano).toBe(job.costNano);
    const lines = ledgerCsv(entries, iso).trimEnd().split("\r\n");
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  });

  it("charges nothing for what was not accepted, whatever it cost", async () => {
    const contract = {
      criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
      judged: [],
    };
    const world = new World([bidderOf("a/one")], () => says("London."));
    world.accept(requestOf({ contract }));
    const job = await world.settle();
    expect(job.status).toBe("failed");
    expect(ledgerTotals(ledgerOf(job))).toMatchObject({ chargeNano: 0, costNano: job.costNano });
    expect(job.costNano).toBeGreaterThan(0);
  });

  it("bounds the cost of a stream that was cut where the bill runs on, and takes the provider's record once", async () => {
    const world = new World([bidderOf("a/one", { cancelStopsBill: false })], () => says("slow ".repeat(50), 200));
    const run = world.accept(requestOf());
    world.after(2_000, () => run.cancel("client"));
    const job = await world.settle();
    const [cut] = ledgerOf(job);
    expect(cut).toMatchObject({ known: "bounded", status: "cancelled", reconciled: false });
    const usage = { input: 20, output: 40, source: "provider" as const };
    expect(reconcileCost(run, "answer.1", usage)).toBeNull();
    run.turn();
    await world.settle();
    expect(job.costNano).toBe(20_000 + 160_000);
    expect(ledgerOf(job)[0]).toMatchObject({ known: "provider", reconciled: true });
    expect(job.sent.has(job.id)).toBe(true);
    expect(settlementMessages(job, [], null)).toMatchObject([{ revision: 1, summary: { costNano: 180_000 } }]);
    expect(reconcileCost(run, "answer.1", usage)?.code).toBe("conflict");
    expect(reconcileCost(run, "answer.9", usage)?.code).toBe("not-found");
  });

  const billing =
    (input: number, output: number, bill: { billedNano?: number } = {}): World["script"] =>
    () => [
      ...says("Paris.").slice(0, -2),
      { afterMs: 1, part: { type: "usage", usage: { input, output, ...bill, source: "provider" } } },
      { afterMs: 0, part: { type: "end", finish: "stop" } },
    ];

  it.each([
    ["more output than was allowed", 20, 1_000_000],
    ["output without end", 20, 2e12],
    ["more input than the prompt has bytes", 1_000_000, 2],
  ])(
    "counts what was reserved where a record cannot be, until the operator has a better one: %s",
    async (_, ...said) => {
      const world = new World([bidderOf("a/one")], billing(...said));
      const run = world.accept(requestOf({ maxOutputTokens: 50 }));
      const job = await world.settle();
      const [attempt] = job.microtasks[0]?.attempts ?? [];
      expect(attempt?.disputed).toMatchObject({ input: said[0], output: said[1] });
      expect(job.costNano).toBe(attempt?.reservedNano);
      expect(ledgerOf(job)[0]).toMatchObject({ known: "bounded", nano: attempt?.reservedNano });
      expect(attempt?.usage?.output).toBeLessThanOrEqual(50);
      const sentence = `Its provider's record (${said[0]} input and ${said[1]} output tokens) cannot be right`;
      expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain(sentence);
      expect(reconcileCost(run, "answer.1", { input: 20, output: 40, source: "provider" })).toBeNull();
      run.turn();
      await world.settle();
      expect(job.costNano).toBe(20_000 + 160_000);
      expect(explain(job).microtasks[0]?.sentences.join(" ")).not.toContain("cannot be right");
    },
  );

  it("counts what was reserved also for a call that was cut", async () => {
    const world = new World([bidderOf("a/one")], () => [
      { afterMs: 100, part: { type: "open" } },
      { afterMs: 100, part: { type: "usage", usage: { input: 20, output: 9_999_999, source: "provider" } } },
      ...says("slow ".repeat(50), 200),
    ]);
    const run = world.accept(requestOf());
    world.after(2_000, () => run.cancel("client"));
    const job = await world.settle();
    const [cut] = job.microtasks[0]?.attempts ?? [];
    expect(cut).toMatchObject({ status: "cancelled", savedNano: 0, costNano: cut?.reservedNano });
    expect(job.costNano).toBe(cut?.reservedNano);
  });

  it("believes a record above the estimate that the prompt's bytes allow, and what a provider puts before it", async () => {
    const world = new World([bidderOf("a/one")], billing(1_000, 2));
    world.accept(requestOf({ maxOutputTokens: 50 }));
    const job = await world.settle();
    expect(job.costNano).toBe(1_000_000 + 8_000);
    expect(job.microtasks[0]?.attempts[0]?.disputed).toBeNull();
  });

  it("costs what its provider says that it billed, where that is not its tokens at list price", async () => {
    const world = new World([bidderOf("a/one")], billing(20, 2, { billedNano: 84_000 }));
    world.accept(requestOf({ maxOutputTokens: 50 }));
    const job = await world.settle();
    expect(job.costNano).toBe(84_000);
    const [entry] = ledgerOf(job);
    expect(entry).toMatchObject({
      known: "provider",
      usage: { input: 20, output: 2, billedNano: 84_000 },
      nano: 84_000,
    });
  });

  it("counts what was reserved for a bill far above its tokens, until the operator has the invoice's", async () => {
    const world = new World([bidderOf("a/one")], billing(20, 2, { billedNano: 900_000_000 }));
    const run = world.accept(requestOf({ maxOutputTokens: 50 }));
    const job = await world.settle();
    const [attempt] = job.microtasks[0]?.attempts ?? [];
    expect(job.costNano).toBe(attempt?.reservedNano);
    expect(attempt?.usage).toEqual({ input: 20, output: 2, source: "bounded" });
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain("2 output tokens, $0.900) cannot be right");
    const invoice = { input: 20, output: 2, billedNano: 84_000, source: "provider" as const };
    expect(reconcileCost(run, "answer.1", invoice)).toBeNull();
    run.turn();
    await world.settle();
    expect(job.costNano).toBe(84_000);
  });

  it("sends a cost that was reconciled while the one before was on its way", async () => {
    const told: number[] = [];
    const world = new (class extends World {
      override ports() {
        const settle = async (job: Job) => {
          told.push(job.costNano);
          await this.pause(5_000, new AbortController().signal);
        };
        return { ...super.ports(), settle };
      }
    })([bidderOf("a/one", { cancelStopsBill: false })], () => says("slow ".repeat(50), 200));
    const run = world.accept(requestOf());
    world.after(2_000, () => run.cancel("client"));
    while (told.length === 0 && world.step()) await flush();
    expect(reconcileCost(run, "answer.1", { input: 20, output: 40, source: "provider" })).toBeNull();
    await world.settle();
    expect(told).toEqual([expect.any(Number), 180_000]);
  });

  it("writes CSV that a spreadsheet neither runs nor splits", () => {
    expect(csv(["a"], [["=1+1"], ['say "hi", twice'], [null], [3]])).toBe(
      'a\r\n\'=1+1\r\n"say ""hi"", twice"\r\n\r\n3\r\n',
    );
  });
});

describe("prices and reservations", () => {
  const price = { inputPerMtok: 1_000_000_000, outputPerMtok: 4_000_000_000, reasoningPerMtok: 6_000_000_000 };

  it("takes the line of the price book in force on the day", () => {
    const book = [{ from: "2026-10-01" }, { from: "2026-01-01" }, { from: "2026-12-01" }];
    expect(priceOn(book, "2026-11-22")?.from).toBe("2026-10-01");
    expect(priceOn(book, "2025-11-22")).toBeNull();
  });

  it("bills large counts to the nano-USD, rounded up", () => {
    fc.assert(
      fc.property(
        fc.nat(50_000_000),
        fc.nat(50_000_000),
        fc.nat(600e9),
        fc.nat(600e9),
        (input, output, dear, cheap) => {
          const exact = (BigInt(input) * BigInt(dear) + BigInt(output) * BigInt(cheap) + 999_999n) / 1_000_000n;
          const sheet = { inputPerMtok: dear, outputPerMtok: cheap };
          expect(BigInt(costOf(sheet, { input, output, source: "provider" }))).toBe(exact);
        },
      ),
    );
    const opus = { inputPerMtok: 0, outputPerMtok: 75_000_000_001 };
    expect(costOf(opus, { input: 0, output: 1_000_003, source: "provider" })).toBe(75_000_225_002);
  });

  it("bills what is read from a cache and what is written to it at their rates, and reserves for the dearest", () => {
    const rate = fc.nat(1e9);
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000_000), { minLength: 4, maxLength: 4 }),
        fc.record({ inputPerMtok: rate, outputPerMtok: rate }),
        fc.option(rate, { nil: undefined }),
        fc.option(rate, { nil: undefined }),
        ([plain = 0, cachedInput = 0, cacheWrite = 0, output = 0], sheet, read, write) => {
          const price = {
            ...sheet,
            ...(read === undefined ? {} : { cachedInputPerMtok: read }),
            ...(write === undefined ? {} : { cacheWritePerMtok: write }),
          };
          const input = plain + cachedInput + cacheWrite;
          const cost = costOf(price, { input, output, cachedInput, cacheWrite, source: "provider" });
          const exact =
            BigInt(plain) * BigInt(price.inputPerMtok) +
            BigInt(cachedInput) * BigInt(price.cachedInputPerMtok ?? price.inputPerMtok) +
            BigInt(cacheWrite) * BigInt(price.cacheWritePerMtok ?? price.inputPerMtok) +
            BigInt(output) * BigInt(price.outputPerMtok);
          expect(BigInt(cost)).toBe((exact + 999_999n) / 1_000_000n);
          expect(cost).toBeLessThanOrEqual(reservationOf(price, input, output));
        },
      ),
    );
  });

  it("reserves the dearest that may come, and fits shorter answers into less money", () => {
    expect(reservationOf(price, 100, 10)).toBe(100_000 + 60_000);
    for (const nano of [0, 99_999, 100_000, 133_337, 160_000, 1e9]) {
      const tokens = affordableTokens(price, 100, 10, nano);
      if (tokens > 0) expect(reservationOf(price, 100, tokens)).toBeLessThanOrEqual(nano);
    }
    expect(affordableTokens(price, 100, 10, 160_000)).toBe(10);
  });
});

describe("an engine under a budget", () => {
  const judged = { criteria: [], judged: ["It names a city."] };
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

  it.each([
    ["hedges", requestOf({ strategy: "auto" })],
    ["races", requestOf({ strategy: "race" })],
    ["is judged", requestOf({ contract: judged })],
    ["compares", requestOf({ strategy: "best-of", contract: judged })],
    ["re-asks", requestOf({ kind: "extract", contract: { schema, criteria: [], judged: [] } })],
    ["falls back", requestOf({ contract: { ...judged, criteria: [{ type: "words", min: 999 }], judged: [] } })],
  ])("never holds more than it when it %s", async (_what, request) => {
    const bidders = ["a/one", "b/two", "c/three"].map((id) => bidderOf(id, { cancelStopsBill: false }));
    for (const budgetNano of [1_000_000, 1_300_000, 2_000_000, 3_500_000, 4_300_000, 6_000_000, 20_000_000]) {
      const world = new World(bidders, () => says(`{"town":"${"x".repeat(400)}"}`, 5));
      world.accept({ ...request, budgetNano });
      const job = await world.settle();
      expect(job.costNano).toBeLessThanOrEqual(budgetNano);
      for (let n = 1; n <= world.log.length; n++) {
        const then = fold(world.log.slice(0, n));
        const held = then === null ? 0 : ledgerTotals(ledgerOf(then));
        if (held !== 0) expect(held.costNano + held.reservedNano).toBeLessThanOrEqual(budgetNano);
      }
    }
  });

  it("cuts answers short, and takes a cheaper bidder, before it refuses", async () => {
    const dear = bidderOf("a/dear", { price: { inputPerMtok: 0, outputPerMtok: 100_000_000_000 } });
    const cheap = bidderOf("b/cheap", { price: { inputPerMtok: 0, outputPerMtok: 1_000_000_000 } });
    const asked: [string, number][] = [];
    const world = new World([dear, cheap], (call) => {
      asked.push([call.bidder, call.maxOutputTokens]);
      return says("Paris.");
    });
    world.accept(requestOf({ budgetNano: 600_000 }));
    expect((await world.settle()).status).toBe("succeeded");
    expect(asked).toEqual([["b/cheap", 599]]);
    const poor = new World([dear, cheap], () => says("Paris."));
    poor.accept(requestOf({ budgetNano: 100_000 }));
    const job = await poor.settle();
    expect(job.error).toMatchObject({ code: "budget-exceeded", reason: "job-budget" });
    expect(poor.calls).toEqual([]);
  });
});

describe("200 jobs at once on a cap for 50", () => {
  it("serves at least 45 and never costs more than the cap", async () => {
    const figures = await crowd({ jobs: 200, pays: 50, words: 270 });
    expect(figures.served).toBeGreaterThanOrEqual(45);
    expect(figures.highestNano).toBeLessThanOrEqual(figures.capNano);
    expect(figures.costNano).toBeLessThanOrEqual(figures.capNano);
    expect(figures.billedNano).toBeLessThanOrEqual(figures.capNano);
    expect(figures.falselyRefused / figures.refused).toBeLessThan(0.05);
  }, 30_000);
});
