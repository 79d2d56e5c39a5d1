import { describe, expect, it } from "vitest";
import { emptyMarket, learn, standing } from "../../src/market/market.ts";
import type { Contract } from "../../src/plan/contract.ts";
import { Fleet } from "../../src/race/fleet.ts";
import { ModelFailure } from "../../src/race/model-port.ts";
import { bidderOf, fails, requestOf, type Script, says, World } from "./world.ts";

const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
const contract: Contract = {
  criteria: [{ type: "contains", text: "Paris", must: true, ignoreCase: false }],
  judged: [],
};
const late: Script = [{ afterMs: 100 }, { afterMs: 1, part: { type: "open" } }, { afterMs: 3_600_000 }];
const base = { instruction: "", contract: { criteria: [], judged: [] }, needs: [] as string[], valueNano: null };

/** Runs a job whose last bidder never comes to its end. */
async function race(strategy: "best-of" | "agreement", answers: Record<string, Script>) {
  const world = new World(three, (call) => answers[call.bidder] ?? late);
  const began = world.nowMs;
  world.accept(requestOf({ strategy, contract, deadlineMs: 5_000, valueNano: 1_000_000_000 }));
  const job = await world.settle();
  return { world, job, tookMs: (job.endedAtMs ?? 0) - began };
}

describe("a deadline", () => {
  it("takes an answer that passed when best-of still waits for another", async () => {
    const { job, tookMs, world } = await race("best-of", {
      "a/one": says("It is Paris."),
      "b/two": says("Paris, of course."),
    });
    expect(job.error).toBeNull();
    expect(job.status).toBe("succeeded");
    expect(job.answer?.text).toContain("Paris");
    expect(job.microtasks[0]?.joined?.how).toBe("only-one-left");
    expect(tookMs).toBe(5_000);
    expect(job.microtasks[0]?.attempts.filter((a) => a.status === "complete")).toHaveLength(2);
    expect(world.calls.every((c) => c.ended !== null)).toBe(true);
    expect(world.settled.get("job_test/answer")?.attempts.some((a) => a.outcome?.worth === 1)).toBe(true);
  });

  it("takes the one vote that is in when agreement waits for a second", async () => {
    const { job, tookMs } = await race("agreement", { "a/one": says("It is Paris.") });
    expect(job.status).toBe("succeeded");
    expect(job.answer?.text).toBe("It is Paris.");
    expect(tookMs).toBe(5_000);
  });

  it("takes nothing that was rejected", async () => {
    const { job } = await race("best-of", { "a/one": says("It is Rome."), "b/two": fails("server-error") });
    expect(job.error?.code).toBe("deadline-exceeded");
    expect(job.answer).toBeNull();
  });

  it("goes on from its log after a crash at any write", async () => {
    const answers: Record<string, Script> = { "a/one": says("It is Paris."), "b/two": says("Paris, of course.") };
    const clean = await race("best-of", answers);
    for (let allowed = 1; allowed <= clean.world.log.length; allowed++) {
      const world = new World(three, (call) => answers[call.bidder] ?? late);
      world.commitsLeft = allowed;
      const request = requestOf({ strategy: "best-of", contract, deadlineMs: 5_000, valueNano: 1_000_000_000 });
      try {
        world.accept(request);
        await world.settle();
      } catch {
        world.commitsLeft = null;
        if (!world.boot().accepted) continue;
        const job = await world.settle();
        expect(job.answer?.text).toContain("Paris");
        expect(world.settled.size).toBe(1);
      }
    }
  });

  it("gives up parts that are not required for those that are", async () => {
    const world = new World([bidderOf("a/one")], (call) => (call.text === "slow" ? late : says("Paris.")));
    const part = (id: string, text: string, required: boolean) => ({
      id,
      kind: "answer" as const,
      input: [{ from: "text" as const, text }],
      ...base,
      required,
    });
    world.accept(
      requestOf({
        deadlineMs: 5_000,
        plan: {
          microtasks: [
            part("fact", "quick", true),
            part("extra", "slow", false),
            { ...part("more", "x", false), input: [{ from: "microtask", id: "extra" }], needs: ["extra"] },
          ],
          assembly: { type: "object", fields: { fact: "fact", extra: "extra", more: "more" } },
        },
      }),
    );
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(job.answer?.value).toEqual({ fact: "Paris.", extra: null, more: null });
    expect(job.microtasks.map((m) => m.failure?.code)).toEqual([undefined, "deadline-exceeded", "deadline-exceeded"]);
    expect(world.calls.every((c) => c.ended !== null)).toBe(true);
  });
});

describe("jobs whose deadlines are too short for anybody", () => {
  const two = [bidderOf("a/one"), bidderOf("b/two")];

  /** The call's own clock, which knows the deadline too, comes before the job's. */
  const timesOut = (ms: number) => (world: World) => {
    const untilMs = world.nowMs + ms;
    const late = () => {
      world.nowMs = untilMs;
      return new ModelFailure("total-timeout", "scripted");
    };
    return [
      {
        afterMs: ms - 1,
        get fail() {
          return late();
        },
      },
    ];
  };

  /** So many jobs of one tenant, each ended by its deadline; then one of another tenant's, and what is known of both bidders. */
  async function knownAfter(jobs: number, deadlineMs: number) {
    const state = emptyMarket();
    let nowMs = 1_000_000;
    const fleet = new Fleet(() => nowMs);
    const run = async (script: (world: World) => Script, deadline: number | null) => {
      const world: World = new World(two, () => script(world));
      world.nowMs = nowMs;
      world.state = state;
      world.fleet = fleet;
      world.accept(requestOf({ deadlineMs: deadline }), nowMs);
      const job = await world.settle();
      // The next one comes later: circuits read the same clock.
      nowMs = world.nowMs + 100;
      for (const told of world.settled.values()) learn(state, told, two);
      return job;
    };
    for (let n = 0; n < jobs; n++) await run(timesOut(deadlineMs), deadlineMs);
    const job = await run(() => says("Paris."), null);
    const known = two.map((one) => standing(state, one, nowMs));
    return { job, excluded: job.microtasks[0]?.decisions[0]?.excluded ?? [], known };
  }

  it("are held against no bidder in the jobs of others", async () => {
    const { job, excluded, known } = await knownAfter(40, 150);
    expect(job.status).toBe("succeeded");
    expect(excluded).toEqual([]);
    for (const { errorRate } of known) expect(errorRate).toBeLessThan(0.02);
  });

  it("and a bidder that lets far more time pass than it said is one that fails", async () => {
    const { known } = await knownAfter(40, 8_000);
    expect(Math.max(...known.map(({ errorRate }) => errorRate))).toBeGreaterThan(0.1);
  });
});
