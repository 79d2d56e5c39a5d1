import { expect, it } from "vitest";
import { bidderOf, flush, requestOf, says, World } from "./world.ts";

/** A host's clock: it may be set back while a call runs, and another host's may be behind. */
class SetBack extends World {
  skewMs = 0;

  override ports() {
    return { ...super.ports(), nowMs: () => this.nowMs + this.skewMs };
  }
}

it("notes no duration below zero when the clock steps back during a call", async () => {
  const world = new SetBack([bidderOf("a/one")], () => says("Paris."));
  world.accept(requestOf());
  await flush();
  expect(world.calls).toHaveLength(1);
  world.skewMs = -60_000;
  const job = await world.settle();
  expect(job.status).toBe("succeeded");
  const [attempt] = job.microtasks.flatMap((m) => m.attempts);
  expect(attempt).toMatchObject({ firstTokenMs: 0, totalMs: 0 });
  expect(attempt?.queuedMs).toBeGreaterThanOrEqual(0);
  expect(world.settled.get("job_test/answer")?.attempts[0]).toMatchObject({ firstTokenMs: 0, totalMs: 0 });
});

it("notes no duration below zero of an orphan that a host behind the first one takes up", async () => {
  const world = new SetBack([bidderOf("a/one")], () => says("Paris."));
  world.accept(requestOf());
  await flush();
  world.skewMs = -2_000;
  world.boot();
  const job = await world.settle();
  expect(job.status).toBe("succeeded");
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  expect(attempts.map((a) => a.status)).toEqual(["orphaned", "complete"]);
  expect(attempts.every((a) => (a.totalMs ?? 0) >= 0)).toBe(true);
  expect(world.settled.get("job_test/answer")?.attempts.map((a) => a.totalMs >= 0)).toEqual([true, true]);
});
