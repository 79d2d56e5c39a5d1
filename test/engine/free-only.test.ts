import { describe, expect, it } from "vitest";
import { previewAuctions } from "../../src/engine/preview.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, fails, requestOf, says, World } from "./world.ts";

const nothing = { inputPerMtok: 0, outputPerMtok: 0 };
const dear = bidderOf("a/dear");
const own = bidderOf("b/own", { price: nothing, cancelStopsBill: false });
const byCall = bidderOf("c/by-call", { price: { ...nothing, perCall: 1 } });

async function run(bidders: Bidder[], more: Partial<JobRequest> = {}, script = () => says("Paris.")) {
  const world = new World(bidders, script);
  world.accept(requestOf({ budgetNano: 0, ...more }));
  const job = await world.settle();
  return { job, asked: world.calls.map(({ bidder }) => bidder) };
}

describe("a budget of 0", () => {
  it.each(["auto", "race", "best-of", "agreement"] as const)("asks only who costs nothing: %s", async (strategy) => {
    const other = bidderOf("d/other", { price: nothing });
    const { job, asked } = await run([dear, own, byCall, other], { strategy });
    expect([job.status, job.costNano]).toEqual(["succeeded", 0]);
    for (const id of asked) expect(["b/own", "d/other"]).toContain(id);
    const excluded = job.microtasks[0]?.decisions[0]?.excluded.map(({ bidder }) => bidder);
    expect(excluded).toEqual(expect.arrayContaining(["a/dear", "c/by-call"]));
  });

  it("buys no judge, and asks one that costs nothing", async () => {
    const contract = { criteria: [], judged: ["It names the capital."] };
    const judged = await run([own, dear], { contract });
    expect(judged.asked).toEqual(["b/own"]);
    const judge = bidderOf("d/judge", { price: nothing });
    const verdict = '{"results":[{"criterion":0,"result":"accept","evidence":"so"}],"better":"ONE"}';
    const both = await run([own, judge, dear], { contract, strategy: "single" }, () => says(verdict));
    expect(both.asked.length).toBeGreaterThan(1);
    expect(both.asked).not.toContain("a/dear");
    expect(both.job.costNano).toBe(0);
  });

  it.each([
    ["nobody costs nothing", [dear, byCall], {}],
    ["who costs nothing may not take part", [dear, { ...own, enabled: false }], {}],
    ["the request allows only others", [dear, own], { bidders: ["a/dear"] }],
  ])("is refused as before where %s", async (_, bidders, more) => {
    const { job, asked } = await run(bidders, more);
    expect(asked).toEqual([]);
    expect(job.error).toMatchObject({ code: "budget-exceeded", reason: "job-budget" });
    const world = new World(bidders, () => []);
    const [one] = previewAuctions(requestOf({ budgetNano: 0, ...more }), world.ports().market(), 0, 1);
    expect(one?.decision).toMatchObject({ code: "budget-exceeded", field: "budgetNano" });
  });

  it("tries who costs nothing again, and fails by what it said", async () => {
    const { job, asked } = await run([dear, own], {}, () => fails("server-error"));
    expect(new Set(asked)).toEqual(new Set(["b/own"]));
    expect(asked.length).toBeGreaterThan(1);
    expect(job.error?.code).toBe("bidders-failed");
  });
});
