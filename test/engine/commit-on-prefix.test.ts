import { describe, expect, it } from "vitest";
import { betOn } from "../../src/engine/prefix-bet.ts";
import { explain } from "../../src/job/explain.ts";
import type { Attempt, Job } from "../../src/job/job.ts";
import { emptyMarket, learn, type Settlement } from "../../src/market/market.ts";
import type { Contract } from "../../src/plan/contract.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const two = [bidderOf("a/one"), bidderOf("b/two")];
/** The name is there for good; more text can still bring the word that is forbidden. */
const contract: Contract = {
  criteria: [
    { type: "contains", text: "Paris", must: true, ignoreCase: false },
    { type: "contains", text: "Rome", must: false, ignoreCase: false },
  ],
  judged: [],
};
const filler = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
const sound = `Paris is the capital, ${filler}.`;
const breaks = `Paris is the capital, ${filler} and not Rome.`;

/** Jobs one after another on one market, which learns from each. */
function town(answer: (job: number) => string) {
  const state = emptyMarket();
  let jobs = 0;
  return {
    state,
    /** Until the market knows how long answers are: before, quarters of them are guesses. */
    async warm(): Promise<void> {
      for (let i = 0; i < 6; i++) await this.run("single");
    },
    async run(strategy: "race" | "single" = "race"): Promise<Job> {
      const number = jobs++;
      const world = new World(two, (call) =>
        says(call.bidder === "a/one" ? answer(number) : sound, call.bidder === "a/one" ? 10 : 30),
      );
      world.state = state;
      world.nowMs += number * 60_000;
      const bidders = strategy === "race" ? two.map((b) => b.id) : ["a/one"];
      world.accept(requestOf({ strategy, contract, bidders }), number);
      const job = await world.settle();
      for (const settlement of world.settled.values()) learn(state, settlement, two);
      return job;
    },
  };
}

const betOf = (job: Job) => job.microtasks[0]?.attempts.find((a) => a.bidder === "a/one")?.bet;
const told = (job: Job) => explain(job).microtasks[0]?.sentences.join("\n") ?? "";
const prefixesOf = (job: Job): Settlement["prefixes"] => job.settlements?.[0]?.prefixes;

describe("commit on prefix, from job to job", () => {
  it("is taken at first, says what it bets, and its end is learned", async () => {
    const { run } = town(() => sound);
    const job = await run();
    expect(betOf(job)).toMatchObject({ taken: true, risk: { criteria: "contains", seen: 0, broke: 0 } });
    expect(job.microtasks[0]?.attempts.filter((a) => a.message === "committed-other").length).toBeGreaterThan(0);
    expect(told(job)).toMatch(/contains could still break it, at a risk of at most 0\.\d+ % \(0 of 0 .*race committed/);
    expect(prefixesOf(job)).toContainEqual(
      expect.objectContaining({ bidder: "a/one", criteria: "contains", held: true, weight: 1 }),
    );
  });

  it("stops after breaks, says so, and comes back when prefixes have held long enough", async () => {
    let broken = false;
    const here = town(() => (broken ? breaks : sound));
    const { run, state } = here;
    await here.warm();
    broken = true;
    const first = await run();
    // The committed leader broke: the job asked the one it had cut for it again, and the market was told.
    expect(betOf(first)).toMatchObject({ taken: true, risk: { broke: 0 } });
    expect(first.answer?.text).toBe(sound);
    expect(prefixesOf(first)).toContainEqual(expect.objectContaining({ bidder: "a/one", held: false }));
    const second = await run();
    expect(betOf(second)).toMatchObject({ taken: false, risk: { broke: 1 } });
    expect(second.microtasks[0]?.committed).toBeNull();
    expect(told(second)).toMatch(/\(1 of \d+ such prefixes broke\): the commit was held back/);
    // A commit that was held back is seen to its end as well.
    expect(prefixesOf(second)).toContainEqual(expect.objectContaining({ bidder: "a/one", held: false, weight: 1 }));
    broken = false;
    // Runs without a rival teach too, at no row of the log.
    const alone = await run("single");
    expect(alone.microtasks[0]?.attempts[0]?.bet).toBeNull();
    expect(prefixesOf(alone)).toContainEqual(expect.objectContaining({ bidder: "a/one", held: true, weight: 1 }));
    expect((await run()).microtasks[0]?.committed).toBeNull();
    const [settlement] = (await run("single")).settlements ?? [];
    if (settlement === undefined) expect.fail();
    for (let i = 0; i < 1_500; i++) learn(state, { ...settlement, attempts: [] }, two);
    const last = await run();
    expect(betOf(last)?.taken).toBe(true);
    expect(betOf(last)?.risk.chance).toBeLessThanOrEqual(0.01);
    expect(betOf(last)?.risk.broke).toBe(2);
  });

  it("learns nothing of a racer that was cut, and half of one whose rival could have hidden its end", async () => {
    let broken = false;
    const here = town(() => (broken ? breaks : sound));
    await here.warm();
    broken = true;
    await here.run();
    broken = false;
    const held = await here.run();
    expect(betOf(held)?.taken).toBe(false);
    const cut = held.microtasks[0]?.attempts.find((a) => a.message === "lost-race");
    expect(cut?.bidder).toBe("b/two");
    const reports = prefixesOf(held) ?? [];
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.every((one) => one.bidder === "a/one" && one.held && one.weight === 0.5)).toBe(true);
  });

  it("goes on from its log after a crash at any write, with the same bet", async () => {
    const clean = new World(two, (call) => says(sound, call.bidder === "a/one" ? 10 : 30));
    clean.accept(requestOf({ strategy: "race", contract, bidders: two.map((b) => b.id) }));
    await clean.settle();
    const writes = clean.log.length;
    for (let allowed = 1; allowed <= writes; allowed++) {
      const world = new World(two, (call) => says(sound, call.bidder === "a/one" ? 10 : 30));
      world.commitsLeft = allowed;
      let job: Job | null = null;
      try {
        world.accept(requestOf({ strategy: "race", contract, bidders: two.map((b) => b.id) }));
        job = await world.settle();
      } catch {
        world.commitsLeft = null;
        if (world.boot().accepted) job = await world.settle();
      }
      if (job === null) continue;
      expect(job.answer?.text).toBe(sound);
      expect(world.settled.size).toBe(1);
    }
  });
});

it("nobody is committed to who broke the contract of this very task", async () => {
  const world = new World(two, () => says(breaks, 30));
  world.accept(requestOf({ strategy: "single", contract, bidders: ["a/one"] }));
  const [microtask] = (await world.settle()).microtasks;
  const [first] = microtask?.attempts ?? [];
  if (microtask === undefined || first === undefined) throw new Error("nobody was asked");
  expect((first.wholeVerdict ?? first.prefixVerdict)?.result).toBe("reject");
  const again = { ...first, id: "again", role: "reask" as const, wholeVerdict: null, prefixVerdict: null };
  const prefix = { on: "prefix" as const, result: "accept" as const, criteria: [], risk: ["criteria/1"] };
  const pacing = { lambda: 1, muUsdPerSecond: 0 };
  const view = { state: emptyMarket(), bidders: two, pacing, examples: () => [] };
  const bet = (attempts: Attempt[]) =>
    betOn({ market: () => view, nowMs: () => 0 }, { ...microtask, attempts }, again, prefix, 10)?.chance;
  expect(bet([first, again])).toBe(1);
  expect(bet([again])).toBeLessThan(0.01);
});
