import { expect, it } from "vitest";
import { isReusable } from "../../src/engine/reusable.ts";
import { bidderOf, flush, requestOf, says, World } from "./world.ts";

it("of a job that runs, half of its time must be left for who asks the same now; without a deadline any will do", async () => {
  for (const deadlineMs of [10_000, null]) {
    const world = new World([bidderOf("a/one")], () => says("Paris.", 1, 5_000));
    const run = world.accept(requestOf({ deadlineMs }));
    await flush();
    const after = (ms: number) => isReusable(run.job, run.job.acceptedAtMs + ms);
    expect([run.job.status, after(4_000), after(6_000)]).toEqual(["running", true, deadlineMs === null]);
    const ended = await world.settle();
    // An answer that is there stays, however long it took.
    expect([ended.status, isReusable(ended, ended.acceptedAtMs + 60_000)]).toEqual(["succeeded", true]);
  }
});
