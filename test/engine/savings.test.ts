import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { longestAnswer } from "../../src/engine/longest-answer.ts";
import { fold } from "../../src/job/evolve.ts";
import { explain } from "../../src/job/explain.ts";
import { summaryOf } from "../../src/job/job-summary.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { toUsd } from "../../src/money/nano-usd.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three", { cancelStopsBill: false })];
const words = (n: number): string => Array.from({ length: n }, (_, i) => `word${i}`).join(" ");
const must = { criteria: [{ type: "contains" as const, text: "word9 ", must: true, ignoreCase: false }], judged: [] };

describe("what cuts saved", () => {
  it("is told anew when the winner has ended, from its length, and everyone who adds it up agrees", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 11, max: 150 }), { minLength: 3, maxLength: 3 }),
        fc.option(fc.integer({ min: 300, max: 2_000 }), { nil: null }),
        async (lengths, max) => {
          const world = new World(three, (call) =>
            says(`${words(lengths[three.findIndex((b) => b.id === call.bidder)] ?? 11)} `),
          );
          const criteria = max === null ? must.criteria : [...must.criteria, { type: "length" as const, max }];
          world.accept(requestOf({ strategy: "race", contract: { criteria, judged: [] } }));
          const job = await world.settle();
          const [m] = job.microtasks;
          for (const a of m?.attempts ?? []) {
            expect(a.savedTokens).toBeGreaterThanOrEqual(0);
            if (a.status !== "cancelled") expect(a.savedTokens).toBe(0);
            else {
              const seen = a.cut?.tokensSeen ?? Number.NaN;
              const bound = a.uncut?.boundTokens ?? Number.NaN;
              expect(a.savedTokens).toBeLessThanOrEqual(Math.max(0, bound - seen));
              expect(a.savedNano).toBe(a.savedTokens * 4_000);
              const winner = m?.attempts.find((one) => one.id === m.joined?.attempt);
              if (winner !== undefined) expect(a.uncut?.winnerTokens).toBe(winner.usage?.output);
            }
          }
          const [view, told, summary] = [viewOf(job), explain(job), summaryOf(job)];
          const attempts = view.microtasks.flatMap((one) => one.attempts);
          expect(view.savedTokens).toBe(attempts.reduce((sum, a) => sum + (a.cut?.savedTokens ?? 0), 0));
          expect(summary.savedTokens).toBe(view.savedTokens);
          expect(summary.savedNano).toBe(told.savedNano);
          expect(view.savedUsd).toBe(toUsd(told.savedNano));
          // A fold of the log, and of nothing else.
          expect(summaryOf(fold(world.log) ?? job)).toEqual(summary);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("does not claim more than the winner's answer makes likely", async () => {
    const world = new World(three.slice(0, 2), (call) => says(words(call.bidder === "a/one" ? 30 : 31), 20));
    world.accept(requestOf({ strategy: "race" }));
    const job = await world.settle();
    const cut = job.microtasks[0]?.attempts.find((a) => a.status === "cancelled");
    expect(cut?.uncut?.winnerTokens).toBeGreaterThan(20);
    expect(cut?.savedTokens).toBeLessThan(cut?.uncut?.winnerTokens ?? 0);
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toMatch(
      /were saved of about \d+, estimated from the winner's \d+ tokens|0 tokens, \$0, were saved/,
    );
  });

  it("reads cuts of a log that kept neither their bound nor a second word", async () => {
    const world = new World(three, (call) => says(`${words(call.bidder === "a/one" ? 12 : 90)} `));
    world.accept(requestOf({ strategy: "race", contract: must }));
    await world.settle();
    const old = world.log.map((event) => {
      if (event.type === "attempt-cancelled") {
        const { uncut: _, ...rest } = event;
        return rest;
      }
      if (event.type !== "microtask-joined") return event;
      const { savings: _, ...rest } = event;
      return rest;
    });
    const job = fold(old);
    if (job === null) expect.fail("no job");
    const said = world.log.reduce((sum, e) => sum + (e.type === "attempt-cancelled" ? e.savedTokens : 0), 0);
    expect(viewOf(job).savedTokens).toBe(said);
    expect(explain(job).microtasks[0]?.sentences.join(" ")).not.toContain("estimated");
  });
});

describe("the most an answer can have by its contract", () => {
  it("counts what is left at the text's own rate", () => {
    const of = (criteria: Parameters<typeof longestAnswer>[0]["criteria"]) => ({ criteria, judged: [] });
    expect(longestAnswer(of([]), "abcd", 1)).toBe(Number.POSITIVE_INFINITY);
    expect(longestAnswer(of([{ type: "length", max: 600 }]), "a".repeat(200), 50)).toBe(150);
    expect(longestAnswer(of([{ type: "length", max: 600 }]), "", 0)).toBe(600);
    expect(longestAnswer(of([{ type: "words", max: 10 }]), "one two", 4)).toBe(20);
    expect(longestAnswer(of([{ type: "words", max: 10 }]), "", 0)).toBe(Number.POSITIVE_INFINITY);
    expect(longestAnswer(of([{ type: "equals", anyOf: ["yes", "certainly not"] }]), "", 0)).toBe(4);
    expect(longestAnswer(of([{ type: "length", max: 4 }]), "abcdefgh", 2)).toBe(2);
  });
});
