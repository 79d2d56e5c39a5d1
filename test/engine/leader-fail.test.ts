import { expect, it } from "vitest";
import { bidderOf, requestOf, says, World } from "./world.ts";

const long = Array.from({ length: 200 }, (_, i) => `word${i}`).join(" ");

it.each(["agreement", "race"] as const)(
  "a job that fails when its leader changes cuts at once who still runs: %s",
  async (strategy) => {
    // The leader says at last what the contract forbids; the other has begun by then, and would write on for twenty seconds.
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], (call) =>
      call.bidder === "a/one"
        ? says("Here are many good words and then one that is bad", 100, 100)
        : says(long, 100, 400),
    );
    world.accept(
      requestOf({
        strategy,
        delivery: "live",
        leaderChange: "fail",
        bidders: ["a/one", "b/two"],
        contract: { criteria: [{ type: "contains", text: "bad", must: false, ignoreCase: false }], judged: [] },
      }),
    );
    const job = await world.settle();
    expect(job).toMatchObject({ status: "failed" });
    const endedAtMs = job.endedAtMs ?? 0;
    for (const { attempts } of job.microtasks)
      for (const one of attempts) expect((one.endedAtMs ?? 0) - endedAtMs).toBeLessThan(200);
  },
);
