import { describe, expect, it } from "vitest";
import { giveApproval } from "../../src/engine/approval.ts";
import type { EnginePorts } from "../../src/engine/ports.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Microtask, Wait } from "../../src/plan/microtask.ts";
import { bidderOf, flush, requestOf, says, World } from "./world.ts";

const day = 86_400_000;

const task = (id: string, more: Partial<Microtask> = {}): Microtask => ({
  id,
  kind: "answer",
  instruction: "",
  input: [{ from: "job" }],
  contract: { criteria: [], judged: [] },
  needs: [],
  required: true,
  valueNano: null,
  ...more,
});

/** A draft, and a second microtask that reads it and waits. */
const waits = (wait: Wait, more: Partial<JobRequest> = {}): JobRequest =>
  requestOf({
    plan: {
      microtasks: [
        task("draft"),
        task("send", { input: [{ from: "microtask", id: "draft" }], needs: ["draft"], wait }),
      ],
      assembly: { type: "single", of: "send" },
    },
    ...more,
  });

const world = () => new World([bidderOf("a/one"), bidderOf("b/two")], () => says("Done."));

/** Runs until nothing is live and the job waits. */
async function untilIdle(w: World): Promise<void> {
  for (;;) {
    await flush();
    if (w.run?.idleUntilMs !== "now") return;
    if (!w.step()) return;
  }
}

describe("a microtask that waits for a person", () => {
  it("is not called before it is approved, over days and restarts that cost the log nothing", async () => {
    const w = world();
    w.accept(waits({ for: "approval" }));
    await untilIdle(w);
    expect(w.run?.job.microtasks.map((m) => m.status)).toEqual(["joined", "waiting"]);
    expect(w.calls).toHaveLength(1);
    const events = w.log.length;
    for (let n = 0; n < 9; n++) {
      w.nowMs += day;
      w.boot();
      await flush();
      expect(w.run?.idleUntilMs).toBeGreaterThan(w.nowMs);
    }
    expect(w.log).toHaveLength(events);
    const run = w.run;
    if (run === null) throw new Error("no run");
    expect(giveApproval(run, "send", true, "fine")).toBeNull();
    expect(giveApproval(run, "send", true, "")?.code).toBe("conflict");
    const job = await w.settle();
    expect(job.status).toBe("succeeded");
    expect(w.calls).toHaveLength(2);
    expect(giveApproval(run, "send", false, "")?.code).toBe("conflict");
  });

  it("fails when it is refused, with what the person said", async () => {
    const w = world();
    const run = w.accept(waits({ for: "approval" }));
    await untilIdle(w);
    expect(giveApproval(run, "send", false, "too blunt")).toBeNull();
    const job = await w.settle();
    expect(job.error).toMatchObject({ code: "not-approved" });
    expect(job.error?.message).toContain("too blunt");
    expect(w.calls).toHaveLength(1);
  });

  it("takes no word on what does not wait", async () => {
    const w = world();
    const run = w.accept(waits({ for: "approval" }));
    expect(giveApproval(run, "nobody", true, "")?.code).toBe("not-found");
    expect(giveApproval(run, "draft", true, "")?.code).toBe("conflict");
    // Its draft is not there yet: nobody has seen what there is to approve.
    expect(giveApproval(run, "send", true, "")?.code).toBe("conflict");
    expect(w.log.some((e) => e.type === "approval-given")).toBe(false);
  });

  it("still ends at the job's deadline, and without one after 30 days", async () => {
    const dated = world();
    dated.accept(waits({ for: "approval" }, { deadlineMs: 3 * day }));
    const began = dated.nowMs;
    expect((await dated.settle(4 * day)).error?.code).toBe("deadline-exceeded");
    expect(dated.nowMs - began).toBe(3 * day);
    const open = world();
    open.accept(waits({ for: "approval" }));
    expect((await open.settle(31 * day)).error?.code).toBe("not-approved");
  });

  it("can be cancelled while it waits", async () => {
    const w = world();
    const run = w.accept(waits({ for: "approval" }));
    await untilIdle(w);
    run.cancel("client");
    expect((await w.settle()).status).toBe("cancelled");
    expect(giveApproval(run, "send", true, "")?.code).toBe("conflict");
  });
});

describe("a microtask that waits for a time", () => {
  it("goes on then, woken by the alarm alone, after any number of restarts", async () => {
    const w = world();
    const untilMs = w.nowMs + 5 * day;
    w.accept(waits({ untilMs }));
    await untilIdle(w);
    expect(w.run?.idleUntilMs).toBe(untilMs);
    w.boot();
    await flush();
    expect(w.run?.idleUntilMs).toBe(untilMs);
    const job = await w.settle(6 * day);
    expect(job.status).toBe("succeeded");
    expect(w.calls[1]?.startedAtMs).toBe(untilMs);
  });

  it("does not wait for a time that has passed", async () => {
    const w = world();
    w.accept(waits({ untilMs: w.nowMs - 1 }));
    expect((await w.settle()).status).toBe("succeeded");
  });
});

describe("a capped job that waits", () => {
  it("gives back what it has not spent, and borrows again when it goes on", async () => {
    const w = world();
    const asked: [number, number][] = [];
    const run = (() => {
      w.lease = async (_job, least, want) => {
        asked.push([least, want]);
        return { totalNano: want, shortage: null };
      };
      const boot = w.boot();
      const request = waits({ for: "approval" });
      const slice = { purse: "purse/1", nano: 50_000_000 };
      boot.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http", slice });
      return boot;
    })();
    await untilIdle(w);
    expect(run.job.leasedNano).toBe(run.job.costNano);
    expect(asked).toEqual([[run.job.costNano, run.job.costNano]]);
    giveApproval(run, "send", true, "");
    const job = await w.settle();
    expect(job.status).toBe("succeeded");
    expect(asked).toHaveLength(2);
    expect(job.costNano).toBeLessThanOrEqual(job.leasedNano ?? 0);
  });

  it("gives back nothing that its log still says it holds, whichever write fails", async () => {
    const told: [commits: number, holdsNano: number | null, keepsNano: number][] = [];
    for (let commits = 1; commits < 20; commits++) {
      const w = world();
      w.lease = async (_job, _least, totalNano) => {
        // What it holds by its log, and no less, when its budget hears of it.
        const holds = w.log.findLast((event) => event.type === "budget-leased");
        told.push([commits, holds?.type === "budget-leased" ? holds.totalNano : null, totalNano]);
        return { totalNano, shortage: null };
      };
      w.commitsLeft = commits;
      const request = waits({ for: "approval" });
      const slice = { purse: "purse/1", nano: 50_000_000 };
      const event = {
        type: "job-accepted",
        job: "job_test",
        tenant: "t",
        request,
        seed: 7,
        via: "http",
        slice,
      } as const;
      w.boot().accept(event);
      await untilIdle(w);
      expect(w.defects).toEqual([]);
    }
    expect(told.length).toBeGreaterThan(0);
    for (const [commits, holdsNano, keepsNano] of told) expect([commits, holdsNano]).toEqual([commits, keepsNano]);
  });

  it("gives back also when its budget did not answer as the wait began, and its shell learns that it rests", async () => {
    // The leader is late, a hedge needs money, and the tenant's object is away until long after the draft is there.
    const w = new Shelled([bidderOf("a/one"), bidderOf("b/two")], () => says("Done.", 20, 1500));
    const awayUntilMs = w.nowMs + 10_000;
    w.lease = async (_job, _least, totalNano) => {
      if (w.nowMs < awayUntilMs) throw new Error("the tenant's object is away");
      return { totalNano, shortage: null };
    };
    const run = w.boot();
    const slice = { purse: "purse/1", nano: 4_400_000 };
    const request = waits({ for: "approval" });
    run.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http", slice });
    await untilIdle(w);
    expect(run.job.microtasks.map((m) => m.status)).toEqual(["joined", "waiting"]);
    expect(run.job.leasedNano).toBe(run.job.costNano);
    expect(run.idleUntilMs).toBeGreaterThan(w.nowMs);
    expect(w.restsAtMs).toBe(run.idleUntilMs);
  });

  it("says it again until its budget has heard what it gave back", async () => {
    const w = world();
    let away = 3;
    const kept: number[] = [];
    w.lease = async (_job, _least, totalNano) => {
      if (away-- > 0) throw new Error("the tenant's object is away");
      kept.push(totalNano);
      return { totalNano, shortage: null };
    };
    const run = w.boot();
    const slice = { purse: "purse/1", nano: 50_000_000 };
    const request = waits({ for: "approval" });
    run.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http", slice });
    await untilIdle(w);
    expect(kept).toEqual([run.job.costNano]);
    expect(run.job.leasedNano).toBe(run.job.costNano);
  });

  it("gives back after a restart what its budget still holds for it", async () => {
    const w = world();
    let heldNano = 50_000_000;
    w.lease = async (_job, _least, totalNano) => {
      heldNano = totalNano;
      return { totalNano, shortage: null };
    };
    const run = w.boot();
    const slice = { purse: "purse/1", nano: heldNano };
    const request = waits({ for: "approval" });
    run.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http", slice });
    await untilIdle(w);
    // The process died after its log knew and before the budget did.
    heldNano = slice.nano;
    const again = w.boot();
    const { leasedNano } = again.job;
    again.holds(leasedNano, heldNano);
    await untilIdle(w);
    expect(heldNano).toBe(leasedNano);
    // Nothing is to be said of what both know.
    const events = w.log.length;
    w.boot().holds(leasedNano, heldNano);
    await untilIdle(w);
    expect(w.log).toHaveLength(events);
  });
});

/** Notes what a shell that is told of a commit finds. */
class Shelled extends World {
  restsAtMs: number | null | "now" | undefined;
  override ports(): EnginePorts {
    const committed = () => queueMicrotask(() => (this.restsAtMs = this.run?.idleUntilMs));
    return { ...super.ports(), committed };
  }
}

describe("a job that began before its tenant had a cap", () => {
  it.each([
    ["answers", false],
    ["does not answer", true],
  ])("tells its shell that it rests when its budget %s after its wait began", async (_how, away) => {
    const w = new Shelled([bidderOf("a/one"), bidderOf("b/two")], () => says("Done.", 20, 1500));
    let answer = () => {};
    w.lease = () =>
      new Promise((resolve, reject) => {
        answer = () => (away ? reject(new Error("away")) : resolve({ totalNano: 0, shortage: null, uncapped: true }));
      });
    const run = w.accept(waits({ for: "approval" }));
    await flush();
    // A minute on: what is known of the cap is old when the hedge for the late leader comes up.
    run.uncappedAtMs -= 60_000;
    while (run.job.microtasks[1]?.status !== "waiting") {
      w.step();
      await flush();
    }
    expect(run.asking).toBe(true);
    answer();
    await untilIdle(w);
    expect(run.job.leasedNano).toBeNull();
    expect(w.restsAtMs).toBeGreaterThan(w.nowMs);
  });

  const refused = { code: "budget-exceeded", message: expect.stringContaining("less is left of the tenant's month") };

  it.each([
    ["after a wait", false],
    ["after a restart", true],
  ])("spends nothing more under one that has nothing left: %s", async (_when, restarts) => {
    const w = world();
    w.accept(waits({ for: "approval" }));
    await untilIdle(w);
    w.lease = async () => ({ totalNano: 0, shortage: "cap-reached" });
    const run = restarts ? w.boot() : w.run;
    if (run === null) throw new Error("no run");
    giveApproval(run, "send", true, "");
    const job = await w.settle();
    expect(job.error).toMatchObject(refused);
    expect(w.calls).toHaveLength(1);
    expect(job.leasedNano).toBe(0);
  });

  it("asks once while there is none, and its log says nothing of it", async () => {
    const w = world();
    let asked = 0;
    const { lease } = w;
    w.lease = (...args) => {
      asked += 1;
      return lease(...args);
    };
    w.accept(waits({ for: "approval" }));
    await untilIdle(w);
    expect(asked).toBe(0);
    const run = w.boot();
    giveApproval(run, "send", true, "");
    expect((await w.settle()).status).toBe("succeeded");
    expect(asked).toBe(1);
    expect(w.log.some((event) => event.type === "budget-leased")).toBe(false);
  });
});
