import { expect, it } from "vitest";
import { bidderOf, requestOf, says, World } from "./world.ts";

it.each(["answer", "classify"] as const)("a bare label answers a choice of labels of kind %s", async (kind) => {
  const world = new World([bidderOf("a/one")], () => says("Red."));
  world.accept(requestOf({ kind, labels: ["red", "blue"] }));
  const job = await world.settle();
  expect(job.answer?.value).toEqual({ label: "red" });
  expect(world.calls.length).toBe(1);
});
