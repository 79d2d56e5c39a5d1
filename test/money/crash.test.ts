import { describe, expect, it } from "vitest";
import type { EnginePorts } from "../../src/engine/ports.ts";
import { fold } from "../../src/job/evolve.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import { ledgerTotals } from "../../src/money/ledger.ts";
import { type RunningJob, TenantLedger } from "../../src/money/tenant-ledger.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, fails, Killed, requestOf, says, World } from "../engine/world.ts";
import { MemoryRows } from "./memory-rows.ts";

const capNano = 12_000_000;
const about: RunningJob = { id: "job_test", kind: "answer", plan: "single", via: "http", createdAtMs: 0 };

/** A world whose job borrows from a real tenant's ledger. */
class Capped extends World {
  readonly rows = new MemoryRows();
  readonly tenant = new TenantLedger(this.rows);

  override ports(): EnginePorts {
    return {
      ...super.ports(),
      lease: async (job, least, want) => this.tenant.lease(about, job.slice, least, want, this.nowMs),
      settle: async (job) => {
        this.tenant.settle(job.id, job.slice, ledgerTotals(ledgerOf(job)), this.nowMs);
      },
    };
  }
}

function capped(): Capped {
  const bidders = ["a/one", "b/two"].map((id) => bidderOf(id, { cancelStopsBill: false }));
  const world = new Capped(bidders, (call) => (call.bidder === "a/one" ? fails("overloaded") : says("Paris.")));
  world.tenant.setLimits({ monthlyNano: capNano, jobNano: null, latencyMs: null, jobsPerMinute: null });
  return world;
}

async function run(world: Capped, request: JobRequest): Promise<void> {
  const boot = world.boot();
  world.tenant.openPurse("purse/1", 0, 100_000, world.nowMs);
  const slice = { purse: "purse/1", nano: 100_000 };
  boot.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http", slice });
  await world.settle();
}

describe("a capped job that is killed before any one write", () => {
  it.each([
    ["one microtask", requestOf()],
    ["a race", requestOf({ strategy: "race" })],
    ["criteria in words", requestOf({ contract: { criteria: [], judged: ["It names a city."] } })],
  ])("spends only what it was lent, is charged once and settles once: %s", async (_what, request) => {
    for (let commits = 1; commits < 80; commits++) {
      const world = capped();
      world.commitsLeft = commits;
      try {
        await run(world, request);
      } catch (error) {
        if (!(error instanceof Killed) && !world.killed) throw error;
      }
      const died = world.killed;
      world.commitsLeft = null;
      if (died) {
        world.boot();
        if (!world.run?.accepted) continue;
        await world.settle();
      }
      const job = world.run?.job;
      if (job === undefined) throw new Error("no job");
      const totals = ledgerTotals(ledgerOf(job));
      for (let n = 1; n <= world.log.length; n++) {
        const then = fold(world.log.slice(0, n));
        if (then === null) continue;
        const now = ledgerTotals(ledgerOf(then));
        expect(now.costNano + now.reservedNano).toBeLessThanOrEqual(then.leasedNano ?? 0);
      }
      const charges = world.log.filter((e) => e.type === "microtask-charged");
      expect(charges).toHaveLength(job.microtasks.filter((m) => m.joined !== null).length);
      expect(world.tenant.standing(world.nowMs)).toMatchObject({ jobs: 1, running: 0, ...pick(totals) });
      expect(totals.costNano).toBeLessThanOrEqual(capNano);
      if (!died) return;
    }
    throw new Error("the job never ran to its end");
  });
});

describe("a job whose slice was lent to others before it told of its beginning", () => {
  it("starts nothing more on it before its tenant has lent more", async () => {
    const world = capped();
    const boot = world.boot();
    const slice = { purse: "purse/gone", nano: capNano / 2 };
    world.tenant.openPurse("purse/others", 0, capNano, world.nowMs);
    boot.accept({
      type: "job-accepted",
      job: "job_test",
      tenant: "t",
      request: requestOf(),
      seed: 7,
      via: "http",
      slice,
    });
    boot.holds(slice.nano, world.tenant.begin(about, slice, slice.nano, world.nowMs));
    expect(boot.job.leasedNano).toBe(0);
    // An answer that an own lease has overtaken says nothing any more.
    boot.holds(slice.nano, 7);
    expect(boot.job.leasedNano).toBe(0);
    world.after(10, () => world.tenant.closePurse("purse/others", capNano));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    const starts = world.log.filter((e) => e.type === "attempt-started").map((e) => e.atMs);
    const leases = world.log.filter((e) => e.type === "budget-leased" && e.totalNano > 0).map((e) => e.atMs);
    expect(starts.length).toBeGreaterThan(1);
    expect(starts.slice(1).every((atMs) => atMs >= Math.min(...leases))).toBe(true);
    const { costNano, heldNano } = world.tenant.standing(world.nowMs);
    expect(costNano + heldNano).toBeLessThanOrEqual(capNano);
  });
});

const pick = ({ costNano, chargeNano }: { costNano: number; chargeNano: number }) => ({ costNano, chargeNano });
