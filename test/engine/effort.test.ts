import { describe, expect, it } from "vitest";
import { longEnough, timeouts } from "../../src/engine/timeouts.ts";
import { withArms } from "../../src/models/effort-arms.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const thinking = (id: string) =>
  withArms({ bidder: bidderOf(id), endpoint: { type: "openai", model: id, reasoning: "none" } }, new Map()).map(
    ({ bidder }) => bidder,
  );

async function run(request: Partial<JobRequest>) {
  const calls: ModelCall[] = [];
  const world = new World([...thinking("a/one"), ...thinking("b/two"), ...thinking("c/three")], (call) => {
    calls.push(call);
    if (call.kind === "judge") return says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}]}');
    if (call.kind === "plan")
      return says('{"microtasks":[{"id":"facts","kind":"extract","instruction":"List them."}],"answer":"facts"}');
    return says("Paris.");
  });
  world.accept(requestOf(request));
  return { job: await world.settle(), calls };
}

describe("effort", () => {
  it("is asked of those who answer", async () => {
    const { job, calls } = await run({ effort: "high", budgetNano: 1e12 });
    expect(job.status).toBe("succeeded");
    expect(calls.map((call) => call.bidder.split(":")[1])).toEqual(["high"]);
    const [decision] = job.microtasks[0]?.decisions ?? [];
    expect(decision?.bids.map((bid) => bid.bidder).sort()).toEqual(["a/one:high", "b/two:high", "c/three:high"]);
    expect(decision?.excluded.map((one) => one.bidder).sort()).toEqual(["a/one", "b/two", "c/three"]);
    // Its thinking is set aside for: 24,576 tokens at $4 a million.
    expect(job.microtasks[0]?.attempts[0]?.reservedNano).toBeGreaterThan(24_576 * 4_000);
  });

  it("is not said of a job that says nothing of it, and its arms are not written down", async () => {
    const { job, calls } = await run({});
    expect(calls.map((call) => call.bidder)).toEqual([expect.not.stringContaining(":")]);
    expect(JSON.stringify(job.microtasks[0]?.decisions)).not.toContain(":high");
  });

  it("is not asked of judges and planners, whose prompts are Atomic's own", async () => {
    const { job, calls } = await run({
      effort: "high",
      plan: "auto",
      contract: { criteria: [], judged: ["It is right."] },
      valueNano: 1e12,
    });
    expect(job.status).toBe("succeeded");
    const who = (kind: string) => calls.filter((call) => call.kind === kind).map((call) => call.bidder);
    expect(who("judge").length).toBeGreaterThan(0);
    expect(who("plan").length).toBeGreaterThan(0);
    for (const id of [...who("judge"), ...who("plan")]) expect(id).not.toContain(":");
    for (const id of who("extract")) expect(id).toContain(":high");
  });

  it("within a budget that no arm fits in asks nobody for less than was asked", async () => {
    const { job, calls } = await run({ effort: "high", budgetNano: 20_000_000 });
    expect(job).toMatchObject({ status: "failed", error: { code: "budget-exceeded" } });
    expect(calls).toEqual([]);
  });
});

describe("a call's time-outs", () => {
  const of = (more: Parameters<typeof bidderOf>[1], maxOutputTokens: number) =>
    longEnough(timeouts, bidderOf("a/one", { expected: { firstTokenMs: 500, tokensPerSecond: 50 }, ...more }), {
      maxOutputTokens,
    });

  it("are those of a short call where little is written", () => {
    expect(of({}, 300)).toEqual(timeouts);
  });

  it("wait for thinking that is not shown, and for all that may be written, at a fourth of its pace", () => {
    expect(of({ reasoningTokens: 2000 }, 300)).toMatchObject({ firstTokenMs: 30_000 + 2 * 40_000 });
    expect(of({}, 8_000)).toMatchObject({ firstTokenMs: 30_000, totalMs: 30_000 + 4 * 160_000 });
  });

  it("have a model loaded on this machine, and have an end", () => {
    expect(of({ region: "local" }, 300)).toMatchObject({ firstTokenMs: 120_000, betweenTokensMs: 20_000 });
    expect(of({ reasoningTokens: 65_536 }, 100_000)).toMatchObject({ firstTokenMs: 900_000, totalMs: 900_000 });
  });
});
