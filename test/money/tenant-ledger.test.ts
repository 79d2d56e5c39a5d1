import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  handedMs,
  jobLeaseMs,
  type ListPlace,
  purseGraceMs,
  purseMs,
  type RunningJob,
  TenantLedger,
} from "../../src/money/tenant-ledger.ts";
import { MemoryRows } from "./memory-rows.ts";

const nowMs = Date.UTC(2026, 10, 22);
const job = (n: number): RunningJob => ({
  id: `job_${n}`,
  kind: "answer",
  plan: "single",
  via: "http",
  createdAtMs: n,
  ...(n % 2 === 1 ? { lane: "fast" as const } : {}),
});

function tenant(monthlyNano: number | null) {
  const rows = new MemoryRows();
  const ledger = new TenantLedger(rows);
  ledger.setLimits({ monthlyNano, jobNano: null, latencyMs: null, jobsPerMinute: null });
  return { rows, ledger };
}

describe("a tenant's budget", () => {
  it("keeps what is lent and what is settled below its cap, whatever comes in what order, over restarts", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("purse" as const), least: fc.nat(40), more: fc.nat(100) }),
      fc.record({ do: fc.constant("begin" as const), job: fc.nat(3), share: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant("report" as const), job: fc.nat(3) }),
      fc.record({ do: fc.constant("lease" as const), job: fc.nat(3), least: fc.nat(60), more: fc.nat(60) }),
      fc.record({ do: fc.constant("settle" as const), job: fc.nat(3), share: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ do: fc.constant("close" as const) }),
      fc.record({ do: fc.constant("restart" as const) }),
      fc.record({ do: fc.constant("later" as const), ms: fc.nat(2 * jobLeaseMs) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.array(step, { maxLength: 60, size: "max" }), (cap, steps) => {
        const { rows, ledger: first } = tenant(cap);
        let ledger = first;
        let atMs = nowMs;
        let purse: { id: string; left: number; untilMs: number } | null = null;
        const slices = new Map<number, { purse: string | null; nano: number }>();
        const lent = new Map<number, number>();
        const settled = new Map<number, number>();
        let unheld = 0;
        for (const [n, one] of steps.entries()) {
          if (one.do === "later") atMs += one.ms;
          else if (one.do === "restart") ledger = new TenantLedger(rows);
          else if (one.do === "close") {
            if (purse !== null) ledger.closePurse(purse.id, purse.left);
            purse = null;
          } else if (one.do === "purse") {
            if (purse !== null) ledger.closePurse(purse.id, purse.left);
            const grant = ledger.openPurse(`purse/${n}`, one.least, one.least + one.more, atMs);
            purse = { id: `purse/${n}`, left: grant?.totalNano ?? 0, untilMs: atMs + purseMs };
          } else if (one.do === "begin") {
            if (slices.has(one.job) || purse === null || purse.untilMs <= atMs) continue;
            const nano = Math.floor(purse.left / one.share);
            purse.left -= nano;
            slices.set(one.job, { purse: purse.id, nano });
            lent.set(one.job, nano);
          } else if (one.do === "report") {
            // Often late, and twice: reports come at least once.
            const slice = slices.get(one.job);
            if (slice === undefined || settled.has(one.job)) continue;
            const had = rows.leases().find((l) => l.holder === `job_${one.job}`)?.nano;
            for (let i = 0; i < 2; i++) {
              const held = ledger.begin(job(one.job), slice, slice.nano, atMs);
              if (had !== undefined) expect(held).toBe(had);
              // The engine hears what it holds, and spends no more.
              lent.set(one.job, held ?? 0);
            }
          } else if (one.do === "lease") {
            if (settled.has(one.job)) continue;
            const slice = slices.get(one.job) ?? { purse: null, nano: 0 };
            slices.set(one.job, slice);
            const want = one.least + one.more;
            const grant = ledger.lease(job(one.job), slice, one.least, want, atMs);
            if (grant.totalNano >= one.least) expect(grant.totalNano).toBeLessThanOrEqual(Math.max(want, one.least));
            lent.set(one.job, grant.totalNano);
          } else {
            // An engine never spends more than it was lent.
            const costNano = settled.get(one.job) ?? Math.floor(((lent.get(one.job) ?? 0) * one.share) / 4);
            // Of a job that never said that it began nothing is held any more when its purse was taken back.
            const held = new Set(rows.leases().map((l) => l.holder));
            const purseOf = slices.get(one.job)?.purse;
            if (
              !settled.has(one.job) &&
              !held.has(`job_${one.job}`) &&
              typeof purseOf === "string" &&
              !held.has(purseOf)
            )
              unheld += costNano;
            settled.set(one.job, costNano);
            for (let i = 0; i < 2; i++)
              ledger.settle(`job_${one.job}`, slices.get(one.job) ?? null, { costNano, chargeNano: 0 }, atMs);
            ledger.begin(job(one.job), slices.get(one.job) ?? null, 0, atMs);
          }
          const standing = ledger.standing(nowMs);
          expect(standing.costNano + standing.heldNano).toBeLessThanOrEqual(cap + unheld);
          expect(standing.costNano).toBe([...settled.values()].reduce((sum, nano) => sum + nano, 0));
          expect(standing.jobs).toBe(settled.size);
          expect(ledger.running(100, null, nowMs).every((r) => !settled.has(Number(r.id.slice(4))))).toBe(true);
        }
      }),
      { seed: 20_261_122, numRuns: 400 },
    );
  });

  it("counts a lease whose holder died as spent until its log arrives", () => {
    const { rows, ledger } = tenant(100);
    expect(ledger.lease(job(1), null, 60, 60, nowMs)).toEqual({ totalNano: 60, shortage: null });
    const later = new TenantLedger(rows);
    const muchLater = nowMs + 3 * jobLeaseMs;
    expect(later.lease(job(2), null, 60, 60, muchLater)).toEqual({ totalNano: 0, shortage: "held", mostNano: 40 });
    later.settle("job_1", null, { costNano: 20, chargeNano: 20 }, muchLater);
    expect(later.lease(job(2), null, 60, 60, muchLater)).toEqual({ totalNano: 60, shortage: null });
    expect(later.lease(job(3), null, 90, 90, muchLater)).toEqual({
      totalNano: 0,
      shortage: "cap-reached",
      mostNano: 20,
    });
  });

  it("takes back what a dead Worker's purse had not handed on, but only when its jobs must have reported", () => {
    const { ledger } = tenant(100);
    ledger.openPurse("purse/1", 100, 100, nowMs);
    ledger.begin(job(1), { purse: "purse/1", nano: 30 }, 30, nowMs);
    expect(ledger.standing(nowMs)).toMatchObject({ heldNano: 100, leftNano: 0, running: 1 });
    expect(ledger.openPurse("purse/2", 10, 10, nowMs + purseMs + purseGraceMs - 1)?.shortage).toBe("held");
    expect(ledger.openPurse("purse/2", 70, 70, nowMs + purseMs + purseGraceMs)?.totalNano).toBe(70);
    expect(ledger.standing(nowMs).heldNano).toBe(100);
  });

  it("lends no slice twice: a job that begins after its purse was taken back has what there is room for", () => {
    const { ledger } = tenant(100);
    const late = nowMs + purseMs + purseGraceMs;
    const slice = { purse: "purse/1", nano: 80 };
    ledger.openPurse("purse/1", 80, 80, nowMs);
    expect(ledger.openPurse("purse/2", 70, 70, late)?.totalNano).toBe(70);
    expect(ledger.begin(job(1), slice, 80, late)).toBe(30);
    expect(ledger.begin(job(2), slice, 80, late)).toBe(0);
    expect(ledger.standing(late)).toMatchObject({ heldNano: 100, leftNano: 0 });
    expect(ledger.lease(job(1), slice, 60, 80, late)).toEqual({ totalNano: 30, shortage: "held" });
    ledger.closePurse("purse/2", 70);
    expect(ledger.lease(job(1), slice, 60, 80, late)).toEqual({ totalNano: 80, shortage: null });
    expect(ledger.begin(job(1), slice, 80, late)).toBe(80);
  });

  it("does not lend for a day what a closed purse had handed to jobs, while they may still tell of themselves", () => {
    const { rows, ledger } = tenant(100);
    ledger.openPurse("purse/1", 80, 80, nowMs);
    // The Worker closed it with one slice of 60 out, whose job runs and whose object then died for hours.
    ledger.closePurse("purse/1", 20);
    const late = nowMs + handedMs - 1;
    const woken = new TenantLedger(rows);
    expect(woken.openPurse("purse/2", 50, 50, late)?.shortage).toBe("held");
    expect(woken.openPurse("purse/2", 40, 40, late)?.totalNano).toBe(40);
    expect(woken.begin(job(1), { purse: "purse/1", nano: 60 }, 60, late)).toBe(60);
    woken.settle("job_1", null, { costNano: 60, chargeNano: 60 }, late);
    expect(woken.standing(late)).toMatchObject({ costNano: 60, heldNano: 40, leftNano: 0 });
    expect(woken.standing(late).costNano + woken.standing(late).heldNano).toBeLessThanOrEqual(100);
  });

  it("takes back from a closed purse what no job has told of for a day, whose call made none", () => {
    const { rows, ledger } = tenant(100);
    ledger.openPurse("purse/1", 80, 80, nowMs);
    ledger.closePurse("purse/1", 0);
    ledger.begin(job(1), { purse: "purse/1", nano: 30 }, 30, nowMs);
    const later = new TenantLedger(rows);
    expect(later.openPurse("purse/2", 70, 70, nowMs + handedMs)?.totalNano).toBe(70);
    expect(later.standing(nowMs).heldNano).toBe(100);
  });

  it("takes back from a closed purse what no job took after all", () => {
    const { ledger } = tenant(100);
    ledger.openPurse("purse/1", 80, 80, nowMs);
    ledger.closePurse("purse/1", 20);
    ledger.closePurse("purse/1", 60);
    expect(ledger.standing(nowMs)).toMatchObject({ heldNano: 0, leftNano: 100 });
  });

  it("counts a slice against the month of its purse", () => {
    const { ledger } = tenant(100);
    const [before, after] = [Date.UTC(2026, 10, 30, 23, 59, 50), Date.UTC(2026, 11, 1, 0, 0, 5)];
    ledger.openPurse("purse/1", 100, 100, before);
    expect(ledger.openPurse("purse/2", 100, 100, after)?.totalNano).toBe(100);
    expect(ledger.begin(job(1), { purse: "purse/1", nano: 60 }, 60, after)).toBe(60);
    expect(ledger.standing(before).heldNano).toBe(100);
    expect(ledger.standing(after).heldNano).toBe(100);
    ledger.settle("job_2", { purse: "purse/1", nano: 40 }, { costNano: 40, chargeNano: 0 }, after);
    expect([ledger.standing(before).costNano, ledger.standing(after).costNano]).toEqual([40, 0]);
  });

  it("gives back at once what a job does not keep", () => {
    const { ledger } = tenant(100);
    ledger.openPurse("purse/1", 80, 80, nowMs);
    ledger.begin(job(1), { purse: "purse/1", nano: 80 }, 15, nowMs);
    expect(ledger.standing(nowMs).leftNano).toBe(85);
  });

  it("moves a month by the difference when a cost is reconciled", () => {
    const { ledger } = tenant(null);
    ledger.settle("job_1", null, { costNano: 50, chargeNano: 50 }, nowMs);
    ledger.settle("job_1", null, { costNano: 30, chargeNano: 50 }, nowMs);
    expect(ledger.standing(nowMs)).toMatchObject({ jobs: 1, costNano: 30, chargeNano: 50, leftNano: null });
  });

  it("counts a job against the month it was lent in, and starts each month anew", () => {
    const { ledger } = tenant(100);
    ledger.lease(job(1), null, 100, 100, nowMs);
    const december = Date.UTC(2026, 11, 1);
    expect(ledger.openPurse("purse/1", 100, 100, december)?.totalNano).toBe(100);
    ledger.settle("job_1", null, { costNano: 90, chargeNano: 0 }, december);
    expect(ledger.standing(december).costNano).toBe(0);
    expect(ledger.standing(nowMs).costNano).toBe(90);
  });

  it("does not list a job that died with its Worker, and counts what it held as spent to its month's end", () => {
    const { ledger } = tenant(100);
    const [own, fast] = [job(0), job(1)];
    for (const one of [own, fast]) ledger.lease(one, null, 30, 30, nowMs);
    const laterMs = nowMs + jobLeaseMs + purseGraceMs;
    expect(ledger.running(10, null, laterMs - 1)).toHaveLength(2);
    expect(ledger.running(10, null, laterMs)).toEqual([own]);
    expect(ledger.standing(laterMs)).toMatchObject({ heldNano: 60, running: 1 });
    // Should its log come after all, it is told of like any other.
    ledger.settle(fast.id, null, { costNano: 20, chargeNano: 0 }, laterMs);
    expect(ledger.standing(laterMs)).toMatchObject({ heldNano: 30, costNano: 20 });
  });

  it("books a job once and wholly, whichever of its rows the disk refuses first", () => {
    for (const refused of ["putLease", "putMonth", "putSettled", "dropLease"] as const) {
      const { rows, ledger } = tenant(100);
      const slice = { purse: "purse/1", nano: 30 };
      ledger.openPurse("purse/1", 80, 80, nowMs);
      const real = rows[refused].bind(rows) as () => void;
      let fails = 1;
      rows[refused] = (...given: unknown[]) => {
        if (fails-- > 0) throw new Error("the disk is full");
        (real as (...all: unknown[]) => void)(...given);
      };
      const again = (work: () => void) => {
        try {
          work();
        } catch {
          expect(new TenantLedger(rows).standing(nowMs)).toEqual(ledger.standing(nowMs));
          work();
        }
      };
      again(() => ledger.begin(job(1), slice, 30, nowMs));
      again(() => ledger.settle("job_1", slice, { costNano: 20, chargeNano: 0 }, nowMs));
      expect(fails).toBeLessThanOrEqual(0);
      expect(ledger.standing(nowMs)).toMatchObject({ jobs: 1, costNano: 20, heldNano: 50 });
      expect(new TenantLedger(rows).standing(nowMs)).toEqual(ledger.standing(nowMs));
    }
  });

  it("says that there is no cap, until there is one that the job has met", () => {
    const { ledger } = tenant(null);
    expect(ledger.lease(job(0), null, 50, 60, nowMs)).toEqual({ totalNano: 60, shortage: null, uncapped: true });
    ledger.setLimits({ monthlyNano: 0, jobNano: null, latencyMs: null, jobsPerMinute: null });
    expect(ledger.lease(job(0), null, 70, 80, nowMs)).toEqual({ totalNano: 60, shortage: "cap-reached" });
  });

  it("lists running jobs by pages that may end within a millisecond", () => {
    const ledger = new TenantLedger(new MemoryRows());
    for (let n = 0; n < 9; n++) ledger.begin({ ...job(n), createdAtMs: 1 + Math.floor(n / 4) }, null, 0, nowMs);
    const all = ledger.running(100, null, nowMs).map((one) => one.id);
    const seen: string[] = [];
    for (let after: ListPlace | null = null; ; ) {
      const page: RunningJob[] = ledger.running(2, after, nowMs);
      seen.push(...page.map((one) => one.id));
      after = page.at(-1) ?? null;
      if (after === null) break;
    }
    expect(seen).toEqual(all);
    expect(new Set(seen).size).toBe(9);
  });
});
