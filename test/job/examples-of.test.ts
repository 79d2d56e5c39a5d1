import { expect, it } from "vitest";
import { examplesOf } from "../../src/job/job-summary.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, requestOf, says, World } from "../engine/world.ts";

async function kept(more: Partial<JobRequest>) {
  const world = new World([{ ...bidderOf("a/one"), noRetention: true }], () => says("Ana wrote."));
  world.accept({ ...requestOf({ input: { type: "text", text: "From ana@example.com" } }), examples: true, ...more });
  await world.settle();
  const job = world.run?.job;
  if (job === undefined) throw new Error("no job");
  expect(job.status).toBe("succeeded");
  return examplesOf(job).map(({ input, output, only }) => [
    input,
    output,
    ...(only?.bidders || only?.region ? [only] : []),
  ]);
}

it("a job's answers are kept as examples when it asks, and never where its texts may not be kept or not leave as they are", async () => {
  expect(await kept({})).toEqual([["From ana@example.com", "Ana wrote."]]);
  expect(await kept({ noRetention: true })).toEqual([]);
  // What it was confined to goes with it.
  expect(await kept({ bidders: ["a/one"] })).toEqual([
    ["From ana@example.com", "Ana wrote.", { bidders: ["a/one"], region: null }],
  ]);
  // A later job that replaces less would send them out as they are.
  expect(await kept({ redact: { identifiers: ["email"], terms: [] } })).toEqual([]);
});
