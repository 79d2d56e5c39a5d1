import { describe, expect, it } from "vitest";
import type { Decision, Strategy } from "../../src/market/bid.ts";
import type { AttemptReport } from "../../src/market/settlement.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const yes = { criteria: [{ type: "pattern" as const, pattern: "^yes", must: true }], judged: [] };
const two = [bidderOf("a/one"), bidderOf("b/two")];

/** What the market is told of a job in which the leader is rejected; `after`: its answer's wait, ms. */
async function told(strategy: Strategy, waitMs: { leader: number; other: number }, good = "other") {
  let leader = "";
  const script: World["script"] = (call) => {
    const who = call.bidder === leader ? "leader" : "other";
    return [{ afterMs: waitMs[who] }, ...says(who === good ? "yes, it is" : "no")];
  };
  const world = new World(two, script);
  world.accept(requestOf({ strategy, contract: yes, valueNano: 1_000_000_000, deadlineMs: 60_000 }));
  const decision = world.run?.job.microtasks[0]?.decisions[0] as Decision;
  leader = decision.award[0]?.bidder ?? "";
  await world.settle();
  const attempts: AttemptReport[] = [...world.settled.values()].flatMap((s) => s.attempts);
  const of = (who: "leader" | "other") => attempts.find((a) => (a.bidder === leader) === (who === "leader"));
  return { leader, first: of("leader"), second: of("other") };
}

describe("a settlement says whose rejection an attempt was seen after", () => {
  it("of one that started because the leader was rejected, whatever its place was awarded for", async () => {
    const { leader, first, second } = await told("auto", { leader: 0, other: 0 });
    expect(first?.after).toEqual([]);
    expect(second).toMatchObject({ after: [leader], outcome: { worth: 1 } });
  });

  it("of one beside it that would have been cut, had the other passed", async () => {
    const { leader, first, second } = await told("race", { leader: 10, other: 1000 });
    expect(first?.after).toEqual([]);
    expect(second?.after).toEqual([leader]);
  });

  it("not where all run to their end", async () => {
    const { first, second } = await told("best-of", { leader: 10, other: 1000 });
    expect([first?.after, second?.after]).toEqual([[], []]);
  });
});
