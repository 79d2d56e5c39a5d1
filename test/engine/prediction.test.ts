import { describe, expect, it } from "vitest";
import { isSpared, spareShare } from "../../src/engine/prediction.ts";
import { explain } from "../../src/job/explain.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { emptyBreaks, learnBreaks } from "../../src/market/break-record.ts";
import { signalName } from "../../src/market/false-kill.ts";
import { learn } from "../../src/market/market.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const one = [bidderOf("a/one")];
const loop = `The answer is: ${"and so on ".repeat(260)}`;
const contract = {
  criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
  judged: [],
};
const seeds = (spared: boolean) => {
  for (let seed = 1; seed < 10_000; seed++) if (isSpared(seed, "answer.1") === spared) return seed;
  return expect.fail("no such seed");
};

/** What earlier jobs showed of loops: none of so many passed. */
function taught(world: World, right: number): World {
  const breaks = emptyBreaks();
  const report = { bidder: "a/one", criteria: signalName("repetition"), quarter: 1, held: false, weight: 1 };
  learnBreaks(breaks, "answer", Array(right).fill(report), world.nowMs);
  world.state.breaks = breaks;
  return world;
}

const run = async (world: World, request: Partial<JobRequest> = {}, seed = seeds(false)) => {
  world.accept(requestOf({ contract, ...request }), seed);
  return world.settle();
};

describe("kills on a prediction", () => {
  it("do not pay at the default value while nothing is known: the end is seen, and teaches", async () => {
    const job = await run(new World(one, () => says(loop)));
    const [attempt] = job.microtasks[0]?.attempts ?? [];
    expect(attempt).toMatchObject({ status: "complete", writtenOff: null });
    expect(job.settlements?.[0]?.prefixes).toContainEqual({
      bidder: "a/one",
      criteria: "foretold:repetition",
      quarter: expect.any(Number),
      held: false,
      weight: 1,
    });
    // An answer that passes after all says that the kill would have been wrong.
    const passed = await run(new World(one, () => says(`${loop}Paris.`)));
    expect(passed.settlements?.[0]?.prefixes).toContainEqual(
      expect.objectContaining({ criteria: "foretold:repetition", held: true }),
    );
    // Where nothing is asked of an answer, its passing is no evidence.
    const idle = await run(new World(one, () => says(loop)), { contract: { criteria: [], judged: [] } });
    expect(idle.settlements?.[0]?.prefixes ?? []).toEqual([]);
  });

  it("pay once such answers were seen to fail, and say on what count; a settlement is all it takes", async () => {
    const first = new World(one, () => says(loop));
    const job = await run(first);
    for (const settlement of job.settlements ?? []) learn(first.state, settlement, one);
    expect(first.state.breaks?.rows.map((row) => row.criteria)).toContain("foretold:repetition");
    const killed = await run(taught(new World(one, () => says(loop)), 150));
    const [attempt] = killed.microtasks[0]?.attempts ?? [];
    expect(attempt).toMatchObject({ status: "cancelled", message: "rejected-on-prefix" });
    expect(attempt?.writtenOff?.risk).toMatchObject({ seen: 150, wrong: 0 });
    expect(explain(killed).microtasks[0]?.sentences.join(" ")).toMatch(
      /it is wrong \(at most: 0 of 150 such passed\) x/,
    );
    expect(viewOf(killed).microtasks[0]?.attempts[0]?.writtenOff?.risk).toMatchObject({ seen: 150, wrong: 0 });
    // Nobody saw how it would have ended.
    expect(killed.settlements?.[0]?.prefixes ?? []).toEqual([]);
  });

  it("are not made in a drawn share: the attempt runs to its end, the log says so, and its end teaches", async () => {
    const world = taught(new World(one, () => says(loop)), 150);
    const job = await run(world, {}, seeds(true));
    const [attempt] = job.microtasks[0]?.attempts ?? [];
    expect(attempt).toMatchObject({ status: "complete", writtenOff: null });
    expect(world.log.filter((e) => e.type === "attempt-spared")).toEqual([
      expect.objectContaining({ attempt: "answer.1", criterion: "repetition", share: spareShare }),
    ]);
    expect(job.settlements?.[0]?.prefixes).toContainEqual(
      expect.objectContaining({ criteria: "foretold:repetition", held: false }),
    );
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain("it was drawn to run on, as 5 % of such are");
    let drawn = 0;
    for (let seed = 0; seed < 4_000; seed++) if (isSpared(seed, "answer.1")) drawn++;
    expect(drawn / 4_000).toBeCloseTo(spareShare, 1);
  });
});

describe("a forecast of lengths in live jobs", () => {
  /** Ten answers of about 900 tokens were settled. */
  const experienced = async (script: string): Promise<World> => {
    const world = new World(one, () => says(script));
    for (let i = 0; i < 10; i++)
      learn(
        world.state,
        {
          key: `j/${i}`,
          tenant: "t",
          kind: "answer",
          features: { inputChars: 31, script: "latin" },
          atMs: world.nowMs,
          attempts: [
            {
              attempt: "a",
              bidder: "a/one",
              role: "leader",
              claimed: { accept: 0.5, costNano: 1, totalMs: 1 },
              outcome: null,
              failure: null,
              costNano: 1,
              firstTokenMs: 100,
              totalMs: 1_000,
              censored: false,
              timed: true,
              inputTokens: 10,
              outputTokens: 900 + i,
            },
          ],
        },
        one,
      );
    return world;
  };
  const words = Array.from({ length: 250 }, (_, i) => `word${i} `).join("");

  it("foretells that an answer will pass its contract's cap, from what this bidder's answers were like", async () => {
    const capped = { criteria: [{ type: "length" as const, max: 900 }], judged: [] };
    const world = await experienced(words);
    const job = await run(world, { contract: capped });
    expect(job.settlements?.[0]?.prefixes).toContainEqual(
      expect.objectContaining({ criteria: "foretold:cap", held: false }),
    );
    const fresh = await run(new World(one, () => says(words)), { contract: capped });
    expect((fresh.settlements?.[0]?.prefixes ?? []).map((p) => p.criteria)).not.toContain("foretold:cap");
  });
});
