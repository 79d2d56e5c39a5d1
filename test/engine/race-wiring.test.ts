import { describe, expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import type { Attempt } from "../../src/job/job.ts";
import { viewOf } from "../../src/job/job-view.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { highestCost } from "../../src/money/price.ts";
import { Fleet } from "../../src/race/fleet.ts";
import { type ModelCall, ModelFailure } from "../../src/race/model-port.ts";
import { bidderOf, fails, requestOf, type Script, says, World } from "./world.ts";

const words = (n: number): string => Array.from({ length: n }, (_, i) => `word${i}`).join(" ");
const silent: Script = [{ afterMs: 3_600_000 }];
const none = { criteria: [], judged: [] };
const attemptsOf = (world: World): Attempt[] => world.run?.job.microtasks.flatMap((m) => m.attempts) ?? [];
const two = [bidderOf("a/one"), bidderOf("b/two")];

/** One world after another, with one fleet under one clock: jobs of one isolate. */
function isolate(bidders: Bidder[], script: World["script"]) {
  let world = new World(bidders, script);
  const fleet = new Fleet(() => world.nowMs);
  return {
    fleet,
    async run(request = requestOf(), seed = 7): Promise<World> {
      const { nowMs } = world;
      world = new World(bidders, script);
      world.nowMs = nowMs;
      world.fleet = fleet;
      world.accept(request, seed);
      await world.settle();
      return world;
    },
    later(ms: number) {
      world.nowMs += ms;
    },
  };
}

describe("a race's money", () => {
  it("cuts a racer on a prediction when its rest costs more than what it may be worth, and writes the price down", async () => {
    const loop = says("and so on ".repeat(400));
    const script = (call: ModelCall) => (call.bidder === first ? loop : silent);
    let first = "";
    const world = new World(two, script);
    world.accept(requestOf({ strategy: "race", valueNano: 500_000, deadlineMs: 60_000 }));
    first = world.run?.job.microtasks[0]?.decisions[0]?.award[0]?.bidder ?? "";
    await world.settle();
    const [looped] = attemptsOf(world);
    expect(looped).toMatchObject({ status: "cancelled", message: "rejected-on-prefix" });
    const off = looped?.writtenOff;
    expect(off?.criterion).toBe("repetition");
    expect(off?.pFalse).toBeGreaterThan(0);
    expect((off?.pFalse ?? 1) * (off?.valueNano ?? 0)).toBeLessThan(off?.remainingNano ?? 0);
    const log = world.log.map((e) => e.type);
    expect(log.indexOf("attempt-written-off")).toBeLessThan(log.indexOf("attempt-cancelled"));
    const told = explain(world.run?.job ?? expect.fail()).microtasks[0]?.sentences.join(" ");
    expect(told).toContain("repetition foretells a reject");
  });

  it("lets it run where the answer is worth the risk", async () => {
    const world = new World([bidderOf("a/one")], () => says("and so on ".repeat(100)));
    world.accept(requestOf({ valueNano: 1_000_000_000 }));
    await world.settle();
    expect(attemptsOf(world)[0]).toMatchObject({ status: "complete", writtenOff: null });
  });

  it("holds the thinking of a reasoning model against the budget", async () => {
    const thinker = bidderOf("a/one", { reasoningTokens: 2048 });
    const world = new World([thinker], () => says("Paris."));
    world.accept(requestOf({ maxOutputTokens: 100 }));
    await world.settle();
    const [one] = attemptsOf(world);
    expect(one?.maxOutputTokens).toBe(100);
    // The input is bounded, not estimated.
    expect(one?.reservedNano).toBeGreaterThanOrEqual(highestCost(thinker.price, one?.inputTokens ?? 0, 2148));
  });

  it("accounts for each attempt: asked at, stopped at, seen, billed and by whom, saved", async () => {
    const contract = { criteria: [{ type: "pattern" as const, pattern: "so yes", must: true }], judged: [] };
    const world = new World(two, (call) => says(call.bidder === "b/two" ? "it is so yes ".repeat(5) : words(300)));
    world.accept(requestOf({ strategy: "race", contract }));
    const job = await world.settle();
    const cut = viewOf(job).microtasks[0]?.attempts.find((a) => a.status === "cancelled");
    expect(cut?.cut).toMatchObject({ why: "committed-other", billedBy: "counted" });
    expect(cut?.cut?.tokensSeen).toBeGreaterThan(0);
    expect(cut?.cut?.tokensBilled).toBe(cut?.cut?.tokensSeen);
    expect(cut?.cut?.stoppedAtMs).toBeGreaterThanOrEqual(cut?.cut?.askedAtMs ?? Number.POSITIVE_INFINITY);
    expect(cut?.cut?.savedTokens).toBeGreaterThan(0);
    expect(cut?.cut?.uncut).toMatchObject({ from: "winner" });
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toMatch(/tokens billed, counted\), and \d+ tokens, \$/);
  });
});

describe("health and room", () => {
  it("leaves a bidder out while its circuit is open, says why, and probes it when its time has come", async () => {
    let down = true;
    const here = isolate(two, (call) => (call.bidder === "a/one" && down ? fails("server-error") : says("Paris.")));
    const only = requestOf({ strategy: "race" });
    for (let i = 0; i < 4; i++) await here.run(only, i);
    const world = await here.run(only, 9);
    const decision = world.run?.job.microtasks[0]?.decisions[0];
    expect(attemptsOf(world).map((a) => a.bidder)).toEqual(["b/two"]);
    expect(decision?.excluded).toEqual([
      { bidder: "a/one", reason: expect.stringMatching(/^failing; tried again in \d+ s$/) },
    ]);
    down = false;
    here.later(60_000);
    const probed = await here.run(only, 10);
    expect(
      attemptsOf(probed)
        .map((a) => a.bidder)
        .sort(),
    ).toEqual(["a/one", "b/two"]);
  });

  it("skips a place of the line-up whose circuit opened since the award", async () => {
    const three = [...two, bidderOf("c/three")];
    const contract = {
      criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
      judged: [],
    };
    const world = new World(three, (call) => says(call.attempt.endsWith(".1") ? "London." : "Paris.", 20, 5_000));
    world.accept(requestOf({ contract, valueNano: 1_000_000_000, budgetNano: 900_000_000 }));
    const award = world.run?.job.microtasks[0]?.decisions[0]?.award.map((place) => place.bidder) ?? [];
    expect(award).toHaveLength(3);
    const second = three.find((b) => b.id === award[1]) as Bidder;
    for (let i = 0; i < 5; i++) {
      const turn = world.fleet.enter(second, "other", 1);
      if (turn === null) continue;
      world.fleet.admit(turn);
      world.fleet.leave(turn, { how: "failed", reason: "server-error", retryAfterMs: null });
    }
    const job = await world.settle();
    expect(job.answer?.text).toBe("Paris.");
    expect(attemptsOf(world).map((a) => a.bidder)).toEqual([award[0], award[2]]);
  });

  it("asks a bidder that may fail rather than nobody", async () => {
    const one = [bidderOf("a/one")];
    let calls = 0;
    const here = isolate(one, () => (++calls <= 6 ? fails("server-error") : says("Paris.")));
    await here.run();
    await here.run();
    expect(here.fleet.look(one[0] as Bidder, 1).unavailable).toContain("failing");
    expect((await here.run()).run?.job.status).toBe("succeeded");
  });

  it("waits out a 429 of the only bidder, in the queue and not in the bidder's time", async () => {
    let calls = 0;
    const limited: Script = [{ afterMs: 30, fail: new ModelFailure("rate-limited", "429", { retryAfterMs: 2_000 }) }];
    const world = new World([bidderOf("a/one")], () => (calls++ === 0 ? limited : says("Paris.")));
    world.accept(requestOf());
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    const [first, second] = attemptsOf(world);
    expect(first?.failure).toBe("rate-limited");
    expect(second?.queuedMs).toBeGreaterThanOrEqual(1_999);
    expect(second?.totalMs).toBeLessThan(1_000);
  });

  it("holds its place at a bidder for all of a long call, and no longer", async () => {
    const bidder = bidderOf("a/one", { concurrency: 1 });
    const seen: number[] = [];
    const world = new World([bidder], (_call, w) => {
      for (let ms = 1_000; ms < 100_000; ms += 1_000) w.after(ms, () => seen.push(w.fleet.look(bidder, 1).load));
      return Array.from({ length: 10 }, () => ({ afterMs: 10_000, part: { type: "text" as const, text: "Paris. " } }));
    });
    world.accept(requestOf());
    await world.settle();
    expect(seen).toEqual(Array.from({ length: 99 }, () => 1));
    expect(world.fleet.look(bidder, 1).load).toBe(0);
  });

  it("never has more calls at a bidder than its cap, in a map-reduce of 32; its queue is told", async () => {
    const bidder = bidderOf("a/one", { concurrency: 3 });
    let open = 0;
    let most = 0;
    const world = new World([bidder], (_call, w) => {
      open++;
      most = Math.max(most, open);
      w.after(400, () => open--);
      return says("a summary", 50, 300);
    });
    const base = { instruction: "", contract: none, required: true, valueNano: null };
    const maps = Array.from({ length: 31 }, (_, i) => `map-${i}`);
    world.accept(
      requestOf({
        plan: {
          microtasks: [
            ...maps.map((id) => ({
              id,
              kind: "summarise" as const,
              input: [{ from: "job" as const }],
              needs: [],
              ...base,
            })),
            {
              id: "reduce",
              kind: "summarise",
              input: maps.map((id) => ({ from: "microtask" as const, id })),
              needs: maps,
              ...base,
            },
          ],
          assembly: { type: "single", of: "reduce" },
        },
      }),
    );
    const job = await world.settle();
    expect(job.error).toBeNull();
    expect(most).toBeLessThanOrEqual(3);
    const queued = viewOf(job).microtasks.flatMap((m) => m.attempts.map((a) => a.queuedMs));
    expect(queued).toHaveLength(32);
    expect(Math.max(...queued)).toBeGreaterThan(3_000);
    expect(explain(job).sentences.join(" ")).toMatch(
      /28 of 32 calls waited for a place: \d+ ms together, \d+ ms at most/,
    );
  });

  it("gives up a wait that takes too long with a typed reason, and asks the market again", async () => {
    const bidder = bidderOf("a/one", { concurrency: 1 });
    const world = new World([bidder], (call) => (call.text === "long" ? says("done", 1, 100_000) : says("quick")));
    const base = {
      instruction: "",
      contract: none,
      needs: [],
      required: true,
      valueNano: null,
      kind: "answer" as const,
    };
    world.accept(
      requestOf({
        plan: {
          microtasks: [
            { id: "a", input: [{ from: "text", text: "long" }], ...base },
            { id: "b", input: [{ from: "text", text: "short" }], ...base },
          ],
          assembly: { type: "object", fields: { a: "a", b: "b" } },
        },
      }),
    );
    const job = await world.settle();
    expect(job.answer?.value).toEqual({ a: "done", b: "quick" });
    const tries = job.microtasks[1]?.attempts ?? [];
    expect(tries.length).toBeGreaterThan(1);
    expect(tries.slice(0, -1).every((a) => a.failure === "no-capacity" && a.costNano === 0)).toBe(true);
  });

  it("weighs a queue as latency: work goes to the free bidder", async () => {
    const busy = bidderOf("a/one", { concurrency: 1 });
    const free = bidderOf("b/two", { price: { inputPerMtok: 1_100_000_000, outputPerMtok: 4_400_000_000 } });
    const here = isolate([busy, free], () => says("Paris."));
    for (let i = 0; i < 8; i++) {
      const turn = here.fleet.enter(busy, "other", 100);
      if (turn !== null) here.fleet.admit(turn);
    }
    const world = await here.run(requestOf({ policy: "fast" }));
    const decision = world.run?.job.microtasks[0]?.decisions[0];
    const bid = decision?.bids.find((b) => b.bidder === "a/one");
    expect(bid?.reasons.load).toBe(8);
    expect(bid?.totalMs.p50).toBeGreaterThan(20_000);
    expect(decision?.award[0]?.bidder).toBe("b/two");
  });

  it("hedges after the leader's p95, but not in a brown-out", async () => {
    const slow = (call: ModelCall) => (call.attempt.endsWith(".1") ? says("late", 1, 20_000) : says("Paris."));
    const calm = await isolate(two, slow).run();
    expect(attemptsOf(calm).map((a) => a.role)).toEqual(["leader", "hedge"]);
    expect(calm.run?.job.answer?.text).toBe("Paris.");
    const here = isolate(two, slow);
    for (let i = 0; i < 40; i++) {
      here.fleet.called(false);
      here.fleet.troubled();
    }
    const browned = await here.run();
    expect(attemptsOf(browned).map((a) => [a.role, a.status])).toEqual([["leader", "complete"]]);
  });

  it("starts two bidders of one provider side by side when there is nobody else", async () => {
    const same = [bidderOf("a/one"), bidderOf("a/two")];
    const world = new World(same, () => says("Paris."));
    world.accept(requestOf({ strategy: "race", bidders: ["a/one", "a/two"] }));
    await world.settle();
    expect(attemptsOf(world).map((a) => [a.role, a.startedAtMs])).toEqual([
      ["leader", 1_000_000],
      ["parallel", 1_000_000],
    ]);
  });
});

describe("a judge in the race", () => {
  const judge = bidderOf("c/judge", {
    // It judges and cannot take part: the task does not fit it.
    contextTokens: 100,
    price: { inputPerMtok: 10_000_000, outputPerMtok: 40_000_000 },
  });
  const verdict = (result: string) => `{"results":[{"criterion":0,"result":"${result}","evidence":"it says so"}]}`;
  const judged = (on: "prefix" | "whole", result: string, whole = "accept") =>
    new World([...two, judge], (call) => {
      if (call.kind !== "judge") return says(words(call.bidder === "a/one" ? 200 : 260));
      const early = call.messages[0]?.content.includes("still being written") ?? false;
      return says(verdict(early && on === "prefix" ? result : whole), 1, 50);
    });
  const request = requestOf({ strategy: "race", contract: { criteria: [], judged: ["It lists words."] } });

  it("commits on a prefix that the judge accepts, cuts the other, and judges the whole", async () => {
    const world = judged("prefix", "accept");
    world.accept(request);
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    const [m] = job.microtasks;
    expect(m?.committed).not.toBeNull();
    const looks = m?.attempts.filter((a) => a.role === "judge") ?? [];
    expect(looks.map((a) => a.on)).toEqual(["prefix", "whole"]);
    const loser = m?.attempts.find((a) => a.status === "cancelled" && a.role !== "judge");
    expect(loser?.savedTokens).toBeGreaterThan(0);
    const lessons = [...world.settled.values()][0]?.judges;
    expect(lessons).toEqual([{ judge: "c/judge", lesson: { about: "look", decided: true } }]);
    expect(m?.decisions[0]?.inputs).toMatchObject({ verdict: { trueAccept: 0.8, trueReject: 0.7 } });
  });

  it("cuts a racer whose prefix the judge rejects, and goes on looking when it cannot tell", async () => {
    const reject = judged("prefix", "reject");
    reject.accept(request);
    const cut = (await reject.settle()).microtasks[0]?.attempts.filter((a) => a.message === "rejected-on-prefix");
    expect(cut?.length).toBeGreaterThan(0);
    const unsure = judged("prefix", "undecided");
    unsure.accept(request);
    const job = await unsure.settle();
    expect(job.status).toBe("succeeded");
    const early = job.microtasks[0]?.attempts.filter((a) => a.role === "judge" && a.on === "prefix") ?? [];
    expect(early.length).toBeGreaterThan(1);
    expect(early.length).toBeLessThan(8);
    expect([...unsure.settled.values()][0]?.judges?.every((r) => r.lesson.about === "look" && !r.lesson.decided)).toBe(
      true,
    );
  });

  it("does not wait for a look at a prefix when the candidate is complete: the look is cut, the whole is judged", async () => {
    const world = new World([...two, judge], (call) => {
      if (call.kind !== "judge") return says(words(call.bidder === "a/one" ? 200 : 260));
      const early = call.messages[0]?.content.includes("still being written") ?? false;
      return says(verdict("accept"), 1, early ? 60_000 : 50);
    });
    world.accept(request);
    const began = world.nowMs;
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect((job.endedAtMs ?? 0) - began).toBeLessThan(10_000);
    const looks = job.microtasks[0]?.attempts.filter((a) => a.role === "judge") ?? [];
    expect(looks.filter((a) => a.on === "prefix").every((a) => a.message === "its candidate is out")).toBe(true);
    expect(looks.filter((a) => a.on === "prefix").length).toBeGreaterThan(0);
  });

  it("is believed as far as its profile goes, and never looks where its share of the budget is used up", async () => {
    const world = judged("prefix", "accept");
    world.accept({ ...request, budgetNano: 12_000_000 });
    await world.settle();
    const outcome = [...world.settled.values()][0]?.attempts.find((a) => a.outcome?.source === "judge")?.outcome;
    expect(outcome?.reliability).toEqual({ trueAccept: 0.8, trueReject: 0.7 });
    const poor = judged("prefix", "accept");
    poor.accept({ ...request, budgetNano: 2_500_000 });
    await poor.settle();
    const spent = attemptsOf(poor).reduce((sum, a) => sum + (a.role === "judge" ? a.costNano : 0), 0);
    expect(spent).toBeLessThanOrEqual(0.25 * 2_500_000);
  });
});

it("ends soon where nobody can be asked before the deadline, and says it once", async () => {
  const bidder = bidderOf("a/one", { concurrency: 1 });
  const here = isolate([bidder], () => says("Paris."));
  const turn = here.fleet.enter(bidder, "other", 100);
  if (turn !== null) here.fleet.admit(turn);
  here.fleet.leave(turn ?? raise(), { how: "failed", reason: "rate-limited", retryAfterMs: 600_000 });
  const world = await here.run(requestOf({ deadlineMs: 5_000 }));
  const job = world.run?.job;
  const tries = job?.microtasks[0]?.attempts ?? [];
  expect(job?.status).toBe("failed");
  expect(tries.length).toBeLessThanOrEqual(3);
  expect(job?.error?.message.match(/a\/one/g)?.length).toBe(1);
  expect(job?.error?.message).toMatch(/takes no calls for another \d+ s/);
});

function raise(): never {
  throw new Error("there is no turn");
}
