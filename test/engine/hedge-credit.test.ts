import { expect, it, vi } from "vitest";
import type { Attempt } from "../../src/job/job.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, fails, requestOf, says, World } from "./world.ts";

const attemptsOf = (world: World): Attempt[] => world.run?.job.microtasks.flatMap((m) => m.attempts) ?? [];

it("spends a hedge's credit on whoever stands in for a hedge that failed", async () => {
  const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
  const role = (call: ModelCall, world: World) => attemptsOf(world).find((a) => a.id === call.attempt)?.role;
  const world = new World(three, (call, w) => {
    if (role(call, w) === "leader") return says("late Paris", 1, 20_000);
    return role(call, w) === "hedge" ? fails("server-error") : says("Paris.");
  });
  for (let i = 0; i < 60; i++) world.fleet.called(false);
  const booked = vi.spyOn(world.fleet, "called");
  const contract = {
    criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
    judged: [],
  };
  world.accept(requestOf({ contract, valueNano: 1_000_000_000, budgetNano: 900_000_000 }));
  await world.settle();
  expect(attemptsOf(world).map((a) => a.role)).toEqual(["leader", "hedge", "fallback"]);
  expect(booked.mock.calls).toEqual([[false], [true], [true]]);
});

it("spends none on a hedge that follows a late failure: one call stands in for another", async () => {
  const world = new World([bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")], (call, w) =>
    w.calls.some((one) => one.attempt !== call.attempt) ? says("Paris.") : fails("server-error", 600),
  );
  const booked = vi.spyOn(world.fleet, "called");
  world.accept(requestOf());
  await world.settle();
  expect(attemptsOf(world).map((a) => a.role)).toEqual(["leader", "hedge"]);
  expect(booked.mock.calls).toEqual([[false], [false]]);
});
