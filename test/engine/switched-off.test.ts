import { describe, expect, it } from "vitest";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, fails, flush, requestOf, type Script, says, World } from "./world.ts";

/** A market that is some seconds old is read anew when somebody is to be asked, which takes a moment. */
class Reading extends World {
  fresh = true;
  reads = 0;
  /** What the stores know that this process has not heard of. */
  unheard = () => {};

  override ports() {
    return {
      ...super.ports(),
      marketFresh: () => {
        if (!this.fresh && this.reads === 0) {
          this.reads++;
          this.after(20, () => {
            this.fresh = true;
            this.unheard();
            this.run?.turn();
          });
        }
        return this.fresh;
      },
    };
  }
}

/** Of three; the operator switches one off (or removes it) while the first call runs. */
async function run(
  script: (call: ModelCall, first: boolean) => Script,
  off: (world: Reading, first: string) => void,
  request: Partial<JobRequest> = {},
  count = 3,
) {
  const ids = ["a/one", "b/two", "c/three"].slice(0, count);
  const world = new Reading(
    ids.map((id) => bidderOf(id)),
    (call) => script(call, world.calls.length === 1),
  );
  world.accept(requestOf(request));
  await flush();
  const first = world.calls[0]?.bidder ?? "";
  const lineUp = world.run?.job.microtasks[0]?.decisions[0]?.award.map(({ bidder }) => bidder) ?? [];
  off(world, first);
  const job = await world.settle();
  return { world, job, first, lineUp, asked: world.calls.map(({ bidder }) => bidder) };
}

const switchOff = (world: World, id: string) => {
  world.bidders.splice(
    0,
    world.bidders.length,
    ...world.bidders.map((b) => (b.id === id ? { ...b, enabled: false } : b)),
  );
};
const remove = (world: World, id: string) => {
  world.bidders.splice(0, world.bidders.length, ...world.bidders.filter((b) => b.id !== id));
};
const nextIn = (world: World): string =>
  world.run?.job.microtasks[0]?.decisions[0]?.award.find(({ bidder }) => bidder !== world.calls[0]?.bidder)?.bidder ??
  "";

describe("a bidder that is switched off while a job runs", () => {
  it.each([
    ["switched off", switchOff],
    ["removed", remove],
  ])("and falls back on it is not asked: %s", async (_, away) => {
    const script = (_call: ModelCall, first: boolean) => (first ? fails("server-error", 500) : says("Paris."));
    const next = (await run(script, () => {})).asked[1] ?? "";
    const { job, asked, lineUp } = await run(script, (world) => away(world, next));
    expect(lineUp).toContain(next);
    expect(asked).toHaveLength(2);
    expect(asked).not.toContain(next);
    expect(job.status).toBe("succeeded");
  });

  it("does not hedge one that is silent", async () => {
    let gone = "";
    const { asked, job } = await run(
      (_call, first) => (first ? says("Paris.", 20, 20_000) : says("Paris.")),
      (world) => {
        gone = nextIn(world);
        switchOff(world, gone);
      },
      { strategy: "auto" },
      2,
    );
    expect(job.status).toBe("succeeded");
    expect(asked).not.toContain(gone);
  });

  it("is not shown what was wrong with its answer, and the next one is asked", async () => {
    const contract = { criteria: [], judged: [], schema: { type: "object", required: ["city"] } };
    const script = (_call: ModelCall, first: boolean) => says(first ? '{"town":"Paris"}' : '{"city":"Paris"}');
    const kept = await run(script, () => {}, { contract, strategy: "single" });
    expect(kept.asked.filter((id) => id === kept.first)).toHaveLength(2);
    const { asked, first, job } = await run(script, switchOff, { contract, strategy: "single" });
    expect(job.status).toBe("succeeded");
    expect(asked.filter((id) => id === first)).toHaveLength(1);
  });

  it("is not called by who waits for a place at it", async () => {
    const one = bidderOf("a/one", { concurrency: 1 });
    const world = new World([one], () => says("Paris."));
    const other = world.fleet.enter(one, "another job", 10);
    expect(other !== null && world.fleet.admit(other)).toBe(true);
    world.accept(requestOf());
    await flush();
    expect(world.run?.job.microtasks[0]?.attempts).toHaveLength(1);
    switchOff(world, one.id);
    if (other !== null) world.fleet.leave(other, { how: "well" });
    const job = await world.settle();
    expect(world.calls).toEqual([]);
    expect(job.error).toMatchObject({ code: "no-bidder", message: expect.stringContaining("switched off") });
  });

  it("may end what it was asked for", async () => {
    const { asked, first, job } = await run(() => says("Paris.", 20, 5_000), switchOff, {}, 1);
    expect([job.status, asked]).toEqual(["succeeded", [first]]);
  });

  it("leaves a job with nobody else failed, with a reason", async () => {
    const { job, asked } = await run(
      () => fails("server-error", 500),
      (world) => {
        for (const id of ["a/one", "b/two", "c/three"]) switchOff(world, id);
      },
    );
    expect(asked).toHaveLength(1);
    expect(job.status).toBe("failed");
    expect(job.error?.message).toContain("switched off");
  });
});

describe("a market that is old", () => {
  it("is read anew before its line-up goes on", async () => {
    let gone = "";
    const { world, job, asked } = await run(
      (_call, first) => (first ? fails("server-error", 15_000) : says("Paris.")),
      (world) => {
        gone = nextIn(world);
        world.fresh = false;
        world.unheard = () => switchOff(world, gone);
      },
      { strategy: "single" },
    );
    expect(world.reads).toBe(1);
    expect(asked).not.toContain(gone);
    expect(job.status).toBe("succeeded");
  });

  it("is read anew before another auction", async () => {
    const { world, job, asked, first } = await run(
      (_call, leads) => (leads ? fails("server-error", 15_000) : says("Paris.")),
      (world, leader) => {
        world.fresh = false;
        world.unheard = () => switchOff(world, leader);
      },
      { strategy: "single" },
      1,
    );
    // It would have been asked again.
    expect([world.reads, asked]).toEqual([1, [first]]);
    expect(job.status).toBe("failed");
  });

  it("holds up no accept, no cut and no end", async () => {
    const { job, world } = await run(
      () => says("Paris.", 20, 15_000),
      (world) => {
        world.fresh = false;
      },
      { strategy: "single" },
      1,
    );
    expect(job.status).toBe("succeeded");
    expect(world.reads).toBe(0);
  });
});
