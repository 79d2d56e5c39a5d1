import { expect, it } from "vitest";
import { bidderOf, flush, requestOf, says, World } from "./world.ts";

/** A process that started while the market's stores were away. */
class Unknowing extends World {
  known = true;
  fresh = true;

  override ports() {
    return { ...super.ports(), marketKnown: () => this.known, marketFresh: () => this.fresh };
  }
}

/** A job whose process died while its one call ran. */
async function interrupted(more: Parameters<typeof requestOf>[0] = {}) {
  const world = new Unknowing([bidderOf("a/one")], () => says("Paris."));
  world.accept(requestOf(more));
  await flush();
  expect(world.calls).toHaveLength(1);
  world.known = false;
  return world;
}
const types = (world: World) => world.log.map((event) => event.type);

it("asks nobody until the market is known, and goes on then", async () => {
  const world = await interrupted();
  const run = world.boot();
  await flush();
  expect(world.calls).toHaveLength(1);
  expect(run.idleUntilMs).toBeNull();
  world.known = true;
  run.turn();
  expect((await world.settle()).status).toBe("succeeded");
});

it("can be cancelled before the market is known, and settles when it is", async () => {
  const world = await interrupted();
  const run = world.boot();
  run.cancel("client");
  expect(run.job.status).toBe("cancelled");
  expect(run.finished).toBe(false);
  expect(types(world)).not.toContain("settlement-prepared");
  world.known = true;
  run.turn();
  await world.settle();
  expect([...world.settled.keys()]).toEqual(["job_test/answer"]);
});

it.each(["single", "auto"] as const)("ends at its deadline before the market is known: plan %s", async (plan) => {
  const world = await interrupted({ deadlineMs: 5_000, plan });
  // Killed right after it was acknowledged, or while its call ran.
  if (plan === "auto") world.log.length = 1;
  const run = world.boot();
  await flush();
  expect(run.idleUntilMs).toBe((world.log[0]?.atMs ?? 0) + 5_000);
  while (run.job.status === "running" && world.step()) await flush();
  expect(run.job.error?.code).toBe("deadline-exceeded");
  world.known = true;
  run.turn();
  expect((await world.settle()).status).toBe("failed");
});

it("ends at its deadline while an old market is read anew", async () => {
  const world = new Unknowing([bidderOf("a/one")], () => says("Paris."));
  world.fresh = false;
  const run = world.accept(requestOf({ deadlineMs: 5_000 }));
  await flush();
  expect([types(world).includes("award-made"), run.idleUntilMs]).toEqual([false, (world.log[0]?.atMs ?? 0) + 5_000]);
  while (run.job.status === "running" && world.step()) await flush();
  expect(run.job.error?.code).toBe("deadline-exceeded");
});

it("holds no auction by a market that is old, and goes on when it was read anew", async () => {
  const world = new Unknowing([bidderOf("a/one")], () => says("Paris."));
  const untilMs = world.nowMs + 86_400_000;
  const task = { id: "a", kind: "answer" as const, instruction: "", input: [{ from: "job" as const }], needs: [] };
  const microtasks = [
    { ...task, contract: { criteria: [], judged: [] }, required: true, valueNano: null, wait: { untilMs } },
  ];
  world.accept(requestOf({ plan: { microtasks, assembly: { type: "single", of: "a" } } }));
  await flush();
  world.fresh = false;
  world.step();
  await flush();
  expect(world.nowMs).toBe(untilMs);
  expect(types(world)).not.toContain("award-made");
  world.fresh = true;
  world.run?.turn();
  expect((await world.settle()).status).toBe("succeeded");
});
