import { describe, expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import type { Attempt, Job } from "../../src/job/job.ts";
import type { Decision } from "../../src/market/market.ts";
import { bidderOf, fails, requestOf, type Script, says, World } from "./world.ts";

const quick = { firstTokenMs: 150, tokensPerSecond: 100 };
/** Equals of which one is quick: whoever leads, that one hedges. */
const fleet = [
  bidderOf("a/one"),
  bidderOf("b/two"),
  bidderOf("c/three", { expected: { firstTokenMs: 250, tokensPerSecond: 100 } }),
  bidderOf("d/quick", { expected: quick }),
  bidderOf("e/five"),
];
const contract = {
  criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
  judged: [],
};
/** With this seed an equal leads, and the quick one is outside of the sequence. */
const seed = 7;

const attemptsOf = (job: Job): Attempt[] => job.microtasks.flatMap((m) => m.attempts);
const decisionsOf = (job: Job): Decision[] => job.microtasks.flatMap((m) => m.decisions);
const rolesOf = (job: Job) => attemptsOf(job).map((a) => a.role);

/** `answer`: of the n-th call. */
async function run(answer: (call: number) => Script, request = requestOf()): Promise<{ world: World; job: Job }> {
  let calls = 0;
  const world = new World(fleet, () => answer(calls++));
  for (let i = 0; i < 60; i++) world.fleet.called(false);
  world.accept(request, seed);
  return { world, job: await world.settle() };
}

describe("the line-up of a job without criteria", () => {
  it("is a leader, a fall-back and two hedges, the quick one first", async () => {
    const { job } = await run(() => says("Paris."));
    const award = decisionsOf(job)[0]?.award ?? [];
    expect(award.map((place) => place.role)).toEqual(["leader", "fallback", "hedge", "hedge"]);
    expect(award[2]?.bidder).toBe("d/quick");
    expect(award.some((place) => place.spare)).toBe(false);
    expect(rolesOf(job)).toEqual(["leader"]);
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toMatch(
      /d\/quick starts if no token came after \d+ ms, sooner or later where enough waits were measured/,
    );
  });

  it("lets the hedge win beside a silent leader, which is cut; the market hears how long it was silent", async () => {
    const { world, job } = await run((call) => (call === 0 ? says("late", 1, 20_000) : says("Paris.")));
    const [leader, hedge, ...others] = attemptsOf(job);
    expect(others).toEqual([]);
    expect(job.answer?.text).toBe("Paris.");
    expect(hedge).toMatchObject({ bidder: "d/quick", role: "hedge", status: "complete" });
    expect(leader).toMatchObject({ status: "cancelled", firstTokenMs: null });
    const dueMs = decisionsOf(job)[0]?.award[2]?.startAfterMs ?? 0;
    const told = [...world.settled.values()].flatMap((one) => one.attempts).find((a) => a.role === "leader");
    expect(told).toMatchObject({ censored: true, firstTokenMs: null, failure: null });
    expect(told?.totalMs).toBeGreaterThan(dueMs);
  });

  it("follows an early failure with the fall-back, a late one with the hedge", async () => {
    const early = await run((call) => (call === 0 ? fails("server-error", 100) : says("Paris.")));
    expect(rolesOf(early.job)).toEqual(["leader", "fallback"]);
    const dueMs = decisionsOf(early.job)[0]?.award[2]?.startAfterMs ?? 0;
    const late = await run((call) => (call === 0 ? fails("server-error", 0.8 * dueMs) : says("Paris.")));
    expect(rolesOf(late.job)).toEqual(["leader", "hedge"]);
    expect(attemptsOf(late.job)[1]?.bidder).toBe("d/quick");
    expect(late.job.answer?.text).toBe("Paris.");
  });
});

describe("spare places of a job whose answers may be rejected", () => {
  it("stay out of it after rejections: after three the job has failed", async () => {
    const { job } = await run(() => says("London."), requestOf({ contract }));
    const award = decisionsOf(job)[0]?.award ?? [];
    expect(award.map((place) => [place.role, place.spare === true])).toEqual([
      ["leader", false],
      ["fallback", false],
      ["fallback", false],
      ["hedge", true],
    ]);
    expect(rolesOf(job)).toEqual(["leader", "fallback", "fallback"]);
    expect(job.error?.code).toBe("not-accepted");
  });

  it("use up no try: after a failure and two rejections the market is asked for the third", async () => {
    const { job } = await run(
      (call) => (call === 0 ? fails("server-error", 50) : says(call < 3 ? "London." : "Paris.")),
      requestOf({ contract }),
    );
    expect(attemptsOf(job).map((a) => [a.role, a.round])).toEqual([
      ["leader", 1],
      ["fallback", 1],
      ["fallback", 1],
      ["leader", 2],
    ]);
    expect(decisionsOf(job)[1]).toMatchObject({ round: 4, inputs: { places: 1 } });
    expect(job.answer?.text).toBe("Paris.");
  });

  it("hedge a silent leader all the same", async () => {
    const { job } = await run(
      (call) => (call === 0 ? says("late", 1, 20_000) : says("Paris.")),
      requestOf({ contract }),
    );
    expect(attemptsOf(job).map((a) => [a.role, a.bidder === "d/quick"])).toEqual([
      ["leader", false],
      ["hedge", true],
    ]);
    expect(job.answer?.text).toBe("Paris.");
  });
});
