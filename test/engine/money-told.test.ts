import { describe, expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import { formatUsd } from "../../src/money/nano-usd.ts";
import { Town } from "../money/town.ts";
import { bidderOf, fails, flush, requestOf, says, World } from "./world.ts";

describe("models that cost nothing and take their time, as on one's own server", () => {
  const free = { price: { inputPerMtok: 0, outputPerMtok: 0 }, expected: { firstTokenMs: 1_500, tokensPerSecond: 25 } };
  const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];

  it("are asked one after the other when an answer is rejected: their time alone is no reason to give up", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      let calls = 0;
      const world = new World([bidderOf("local/small", free), bidderOf("local/large", free)], () =>
        says(calls++ === 0 ? "London." : "Paris.", 20, 1_500),
      );
      world.accept(requestOf({ contract: { criteria, judged: [] } }), seed);
      const job = await world.settle();
      expect([seed, job.status, calls]).toEqual([seed, "succeeded", 2]);
    }
  });
});

describe("a start that money does not allow", () => {
  it.each([
    ["cap-reached", "less is left of the tenant's month. Raise it, or lower maxOutputTokens.", "budget-exceeded"],
    [
      "held",
      "the tenant's other jobs hold what is left of its budget. Try again when they have ended.",
      "rate-limited",
    ],
  ] as const)("ends the job with what the call needed: %s", async (shortage, says, code) => {
    const world = new World([bidderOf("a/one")], () => expect.fail("nothing may be called"));
    world.lease = async () => ({ totalNano: 0, shortage });
    const run = world.boot();
    const slice = { purse: null, nano: 0 };
    run.accept({
      type: "job-accepted",
      job: "job_test",
      tenant: "t",
      request: requestOf(),
      seed: 7,
      via: "http",
      slice,
    });
    const job = await world.settle();
    expect(job.error?.code).toBe(code);
    const need = formatUsd(job.microtasks[0]?.refused[0]?.needNano ?? 0);
    expect(job.error?.message).toBe(`Microtask "answer": A call of a/one may cost ${need}, and ${says}`);
  });
});

describe("a tenant's month that has room for a cheap call and none for a dear one", () => {
  const dear = bidderOf("a/dear", { price: { inputPerMtok: 1_000e9, outputPerMtok: 2_000e9 } });
  const cheap = [bidderOf("b/cheap"), bidderOf("c/cheap")];

  it.each(["auto", "single", "race", "best-of"] as const)("is spent on the cheap one: %s", async (strategy) => {
    const refused = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const town = new Town([dear, ...cheap], (call) =>
        call.bidder === "a/dear" ? expect.fail("there is no money for it") : says("Paris.", 20),
      );
      const monthlyNano = 50_000_000;
      town.ledger.setLimits({ monthlyNano, jobNano: null, latencyMs: null, jobsPerMinute: null });
      // Worth so much that the dear one is wanted as well.
      town.post(requestOf({ strategy, valueNano: 1_000e9 }), seed);
      await town.finish();
      const job = town.runs[0]?.job;
      expect([seed, job?.status, job?.error]).toEqual([seed, "succeeded", null]);
      expect(town.highestNano).toBeLessThanOrEqual(monthlyNano);
      for (const start of job?.microtasks[0]?.refused ?? []) refused.add(start.bidder);
    }
    expect([...refused]).toEqual(["a/dear"]);
  });
});

describe("a tenant's month that has room for no call", () => {
  it("ends the job with what the cheapest of those it came to would have needed, and what to do", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const bidders = [1, 10, 100].map((times) =>
        bidderOf(`a/${times}`, { price: { inputPerMtok: times * 1e9, outputPerMtok: times * 2e9 } }),
      );
      const town = new Town(bidders, () => expect.fail("nothing may be called"));
      town.ledger.setLimits({ monthlyNano: 100_000, jobNano: null, latencyMs: null, jobsPerMinute: null });
      town.post(requestOf({ valueNano: 1_000e9 }), seed);
      await town.finish();
      const job = town.runs[0]?.job;
      const needs = (job?.microtasks[0]?.refused ?? []).map((start) => start.needNano);
      expect(job?.error?.reason).toBe("cap-reached");
      expect(job?.error?.message).toContain(`may cost ${formatUsd(Math.min(...needs))}, and less is left of`);
      expect(job?.error?.message).toContain("the tenant's month. Raise it, or lower maxOutputTokens.");
    }
  });
});

describe("an explanation after a restart", () => {
  it("says what the restart may have cost, and leaves that out of what the market saved", async () => {
    const world = new World([bidderOf("a/one")], () => says("Paris, by the river.", 50));
    world.accept(requestOf());
    for (let i = 0; i < 3; i++) {
      await flush();
      world.step();
    }
    world.boot();
    const job = await world.settle();
    const [orphan, again] = job.microtasks[0]?.attempts ?? [];
    expect([orphan?.status, again?.status]).toEqual(["orphaned", "complete"]);
    expect(job.costNano).toBe((orphan?.reservedNano ?? 0) + (again?.costNano ?? 0));
    const { sentences, strongestAloneNano } = explain(job);
    expect(sentences).toContain(
      `Calls that a restart lost may have cost up to ${formatUsd(orphan?.reservedNano ?? 0)} of it: nobody knows what was billed.`,
    );
    const saved = formatUsd(strongestAloneNano - (again?.costNano ?? 0));
    expect(sentences.join(" ")).toContain(`the market saved ${saved}, what the restart lost aside.`);
  });
});

describe("what the market says it saved", () => {
  it("is nothing where the strongest ran alone, whatever its bid was off by", async () => {
    const world = new World([bidderOf("a/one")], () => says("Paris.", 20));
    world.accept(requestOf());
    const { sentences, strongestAloneNano } = explain(await world.settle());
    expect(sentences).toContain(
      `The strongest bidder ran alone; by its bids it would have cost ${formatUsd(strongestAloneNano)}.`,
    );
    expect(sentences.join(" ")).not.toContain("the market");
  });

  it.each([
    ["failed", "The job failed with 1 microtask and cost", ", without an answer."],
    ["cancelled", "The job was cancelled with 1 microtask and cost", ", without an answer."],
    ["parked", "The job is parked with 1 microtask and cost", ", without an answer."],
    ["running", "The job is running with 1 microtask and cost", "."],
  ] as const)("is nothing where the job %s: only its cost is told", async (status, begins, ends) => {
    const bidders = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
    const world = new World(bidders, (call) => says(`Paris. ${"And so on. ".repeat(call.seed % 7)}`, 50));
    const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
    world.accept(requestOf({ strategy: "race", contract: { criteria, judged: [] } }));
    const job = await world.settle();
    expect(explain(job).sentences.join(" ")).toMatch(/the market (saved|spent).*Cutting losers early saved/);
    const { sentences, microtasks } = explain({ ...job, status, answer: null });
    expect(sentences[0]).toBe(`${begins} ${formatUsd(job.costNano)}${ends}`);
    expect(sentences.join(" ")).not.toMatch(/saved|market|strongest/);
    expect(microtasks[0]?.sentences.join(" ")).toContain("That worth is ");
  });

  it("is not measured by the dearest of those that nobody knows anything of", async () => {
    const tenfold = { price: { inputPerMtok: 10e9, outputPerMtok: 10e9 } };
    const plain = { price: { inputPerMtok: 1e9, outputPerMtok: 1e9 } };
    const world = new World([bidderOf("b/dear", tenfold), bidderOf("a/cheap", plain)], () => says("Paris.", 20));
    world.accept(requestOf());
    const job = await world.settle();
    const bids = job.microtasks[0]?.decisions[0]?.bids ?? [];
    expect(new Set(bids.map((bid) => bid.accept.mean)).size).toBe(1);
    expect(explain(job).strongestAloneNano).toBe(Math.min(...bids.map((bid) => bid.costNano)));
  });
});

describe("a job's budget", () => {
  const cheap = bidderOf("a/cheap");
  const dear = bidderOf("b/dear", { price: { inputPerMtok: 1e15, outputPerMtok: 1e15 } });
  const run = async (bidders: string[] | null) => {
    const world = new World([cheap, dear], () => fails("client-error"));
    world.accept(requestOf({ budgetNano: 50_000_000, bidders }));
    return (await world.settle()).error?.message ?? "";
  };

  it("is said to be short where it is, and not where who is too dear could not have been asked anyway", async () => {
    expect(await run(["b/dear"])).toMatch(
      /b\/dear: it may cost \$.* are left.* Raise the budget, or lower maxOutputTokens\.$/,
    );
    expect(await run(null)).toContain("Raise the budget");
    expect(await run(["a/cheap"])).not.toContain("Raise the budget");
  });
});
