import { describe, expect, it } from "vitest";
import { giveFeedback } from "../../src/engine/feedback.ts";
import type { JobRun } from "../../src/engine/run-job.ts";
import { feedbackSettlement } from "../../src/engine/settle.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, flush, Killed, requestOf, says, World } from "./world.ts";

async function ended(more: Partial<JobRequest>, says_: string): Promise<JobRun> {
  const world = new World([bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")], (call) =>
    says(call.messages[0]?.content.startsWith("You are given an INPUT and several") ? "merged" : says_ || call.bidder),
  );
  const run = world.accept(requestOf(more));
  expect((await world.settle()).status).toBe("succeeded");
  return run;
}
const outcomes = (run: JobRun) => run.job.settlements?.at(-1)?.attempts.map((a) => [a.role, a.outcome?.worth ?? null]);

describe("feedback by a label", () => {
  it.each([
    ["one of a set that has no such label", { kind: "classify", labels: ["red", "blue"] }, "red", "rde", "red, blue"],
    ["a language's name", { kind: "language" }, "de", "German", "ISO 639-1"],
    ["a label of a kind without any", { kind: "draft" }, "Dear Ana", "nonsense", '"good"'],
  ] as const)("is refused where it is %s, and can be given again", async (_what, more, text, label, hint) => {
    const labels = "labels" in more ? [...more.labels] : null;
    const run = await ended({ ...more, labels }, text);
    const before = run.job.settlements?.length;
    const refusal = giveFeedback(run, { label }, 1);
    expect(refusal).toMatchObject({ code: "invalid-request", field: "label" });
    expect(refusal?.message).toContain(hint);
    expect(run.job.settlements?.length).toBe(before);
    expect(run.job.feedback).toEqual([]);
  });

  it("is taken in any spelling of a label", async () => {
    const run = await ended({ kind: "classify", labels: ["Light Red", "blue"] }, "light red");
    expect(giveFeedback(run, { label: "light-red" }, 1)).toBe(null);
    expect(outcomes(run)?.every(([, worth]) => worth === 1)).toBe(true);
    expect(giveFeedback(await ended({ kind: "language" }, "de"), { label: "DE" }, 1)).toBe(null);
  });
});

it("feedback on a merged answer says nothing of the bid of who merged it", async () => {
  const run = await ended({ strategy: "fusion" }, "");
  expect(run.job.microtasks[0]?.joined?.how).toBe("fusion");
  expect(giveFeedback(run, { good: false }, 1)).toBe(null);
  expect(outcomes(run)).toEqual([["fusion", null]]);
});

describe("an answer of which only a form was asked", () => {
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const contract = { schema, criteria: [], judged: [] };
  const told = (run: JobRun) => run.job.settlements?.at(-1)?.attempts[0];

  it("is an outcome of its own weight, and what a person says takes its place", async () => {
    const run = await ended({ contract }, '{"city":"Paris"}');
    expect(told(run)?.outcome).toEqual({
      worth: 1,
      source: "criteria",
      reliability: { trueAccept: 1, trueReject: 1 },
      weight: 0.25,
    });
    expect(giveFeedback(run, { good: false, byOperator: true }, 1)).toBe(null);
    expect(told(run)?.outcome).toMatchObject({
      worth: 0,
      source: "feedback",
      instead: { worth: 1, weight: 0.25 },
    });
    expect(told(run)?.outcome).not.toHaveProperty("against");
    expect(run.job.settlements?.at(-1)?.trusted).toBe(true);
  });

  it("counts as before where more is asked: what breaks its form is no answer", async () => {
    const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
    const run = await ended({ contract: { ...contract, criteria } }, '{"city":"Paris"}');
    expect(told(run)?.outcome).toEqual({ worth: 1, source: "criteria", reliability: { trueAccept: 1, trueReject: 1 } });
  });

  it("of a closed question says nothing, and where it names no label no answer came", async () => {
    let calls = 0;
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], () => says(calls++ < 2 ? "purple" : "red"));
    const run = world.accept(requestOf({ kind: "classify", labels: ["red", "blue"], strategy: "single" }));
    expect((await world.settle()).status).toBe("succeeded");
    const reports = run.job.settlements?.at(-1)?.attempts.map((a) => [a.role, a.outcome, a.failure, a.unreadable]);
    expect(reports).toEqual([
      ["leader", null, null, true],
      ["reask", null, null, true],
      ["fallback", null, null, undefined],
    ]);
  });
});

describe("feedback while losers are still on their way", () => {
  const labels = ["red", "blue"];
  /** The answer is out; the other racer was told to stop and has not yet. */
  async function answered(): Promise<{ world: World; run: JobRun }> {
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], ({ bidder }) =>
      says(bidder === "a/one" ? "red" : "blue", 20, bidder === "a/one" ? 200 : 2000),
    );
    // A provider that takes its time to hear of a cut.
    world.pause = (ms) => new Promise((resolve) => world.after(ms, () => resolve(false)));
    const run = world.accept(requestOf({ kind: "classify", labels, strategy: "race" }));
    while (run.job.status === "running") {
      await flush();
      world.step();
    }
    return { world, run };
  }
  it("is told after the job's end, which is charged and teaches all the same", async () => {
    const { world, run } = await answered();
    expect(run.job.microtasks[0]?.attempts.map((a) => a.status)).toEqual(["complete", "running"]);
    expect(giveFeedback(run, { label: "red", byOperator: true }, world.nowMs)).toBe(null);
    run.turn();
    const job = await world.settle();
    const key = `${job.id}/answer`;
    expect(job.microtasks[0]?.charge?.nano).toBe(job.costNano);
    expect([...world.settled.keys()]).toEqual([key, `${key}/feedback/1`]);
    expect(world.settled.get(`${key}/feedback/1`)?.trusted).toBe(true);
  });

  it.each([0, 1, 2])(
    "is told once, and the job charged once, where the process dies %i writes later",
    async (writes) => {
      const { world, run } = await answered();
      giveFeedback(run, { label: "red" }, world.nowMs);
      world.commitsLeft = writes;
      run.turn();
      await world.settle().catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      expect(world.killed).toBe(true);
      world.commitsLeft = null;
      world.boot();
      const job = await world.settle();
      const key = `${job.id}/answer`;
      expect(world.log.filter((event) => event.type === "microtask-charged")).toHaveLength(1);
      expect([...world.settled.keys()]).toEqual([key, `${key}/feedback/1`]);
    },
  );

  it("is made up for in a log of before, where feedback was told on its own and the end was never made up", async () => {
    const { world, run } = await answered();
    const [microtask] = run.job.microtasks;
    const said = microtask && feedbackSettlement(run.job, microtask, { label: "red" }, 1, world.nowMs);
    const about = { microtask: "answer", attempt: null, label: "red", good: null, number: 1 };
    run.record({ type: "feedback-given", ...about }, { type: "settlement-prepared", settlements: said ? [said] : [] });
    world.boot();
    const job = await world.settle();
    const key = `${job.id}/answer`;
    expect(job.microtasks[0]?.charge?.nano).toBe(job.costNano);
    expect([...world.settled.keys()]).toEqual([`${key}/feedback/1`, key]);
  });
});
