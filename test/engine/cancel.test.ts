import { describe, expect, it } from "vitest";
import type { EnginePorts } from "../../src/engine/ports.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import { ledgerCsv, ledgerTotals } from "../../src/money/ledger.ts";
import { toUsd } from "../../src/money/nano-usd.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Microtask } from "../../src/plan/microtask.ts";
import { bidderOf, flush, requestOf, says, World } from "./world.ts";

const contract = {
  criteria: [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }],
  judged: [],
};

const task = (id: string, needs: string[] = []): Microtask => ({
  ...{
    id,
    kind: "answer",
    instruction: "",
    input: [{ from: "job" }],
    contract,
    needs,
    required: true,
    valueNano: null,
  },
});

const requests: [string, JobRequest][] = [
  ["one microtask", requestOf()],
  ["a race", requestOf({ strategy: "race", contract, delivery: "live" })],
  ["criteria in words", requestOf({ contract: { criteria: [], judged: ["It names a city."] } })],
  [
    "two microtasks",
    requestOf({ plan: { microtasks: [task("one"), task("two", ["one"])], assembly: { type: "single", of: "two" } } }),
  ],
];

/** When a client's cancel comes: in the gap after a write, or between two things that happen by themselves. */
type When = { write: number } | { step: number };

class Cancelled extends World {
  readonly when: When;
  writes = 0;
  steps = 0;

  constructor(when: When) {
    super([bidderOf("a/one", { cancelStopsBill: false }), bidderOf("b/two")], (call) =>
      call.kind === "judge"
        ? says('{"results":[{"criterion":0,"result":"accept","evidence":"Paris"}]}')
        : says("It is Paris, of course.", 20, call.bidder === "a/one" ? 200 : 230),
    );
    this.when = when;
  }

  override ports(): EnginePorts {
    const committed = () => {
      if ("write" in this.when && ++this.writes === this.when.write) queueMicrotask(() => this.run?.cancel("client"));
    };
    return { ...super.ports(), committed };
  }

  override step(): boolean {
    if ("step" in this.when && ++this.steps === this.when.step) this.run?.cancel("client");
    return super.step();
  }
}

async function outcome(request: JobRequest, when: When): Promise<{ asked: boolean; came: boolean }> {
  const world = new Cancelled(when);
  world.accept(request);
  await flush();
  const job = await world.settle();
  const asked = world.log.some((event) => event.type === "cancel-requested");
  const name = JSON.stringify(when);
  expect(["succeeded", "cancelled"], name).toContain(job.status);
  expect(job.status, name).toBe(asked ? "cancelled" : "succeeded");
  expect(job.answer === null, name).toBe(asked);
  const charges = world.log.filter((event) => event.type === "microtask-charged").map((event) => event.microtask);
  const joined = job.microtasks.filter((m) => m.joined !== null).map((m) => m.task.id);
  expect(charges, name).toEqual(joined);
  if (job.microtasks.length === 1) expect(charges.length, name).toBe(asked ? 0 : 1);
  // What was called is paid for by somebody, and every witness says the same.
  const entries = ledgerOf(job);
  const totals = ledgerTotals(entries);
  expect(world.calls.length > 0 && !asked ? totals.costNano > 0 : totals.costNano >= 0, name).toBe(true);
  expect(totals, name).toEqual({
    costNano: job.costNano,
    chargeNano: job.microtasks.reduce((sum, m) => sum + (m.charge?.nano ?? 0), 0),
    reservedNano: 0,
  });
  expect(viewOf(job).costUsd, name).toBe(toUsd(job.costNano));
  const lines = ledgerCsv(entries, String).trim().split("\r\n").slice(1);
  expect(lines.filter((line) => line.includes(",charge,")).length, name).toBe(charges.length);
  expect(lines.filter((line) => line.includes(",cost,")).length, name).toBe(world.calls.length);
  expect(
    world.calls.every((call) => call.ended !== null),
    name,
  ).toBe(true);
  const most = "write" in when ? world.writes : world.steps;
  return { asked, came: most >= ("write" in when ? when.write : when.step) };
}

describe("a cancel against an accept", () => {
  it.each(requests)("has two outcomes, whenever it comes, and the ledger agrees: %s", async (_what, request) => {
    const seen = new Set<boolean>();
    for (const kind of ["write", "step"] as const)
      for (let n = 1; n < 200; n++) {
        const { asked, came } = await outcome(request, kind === "write" ? { write: n } : { step: n });
        if (came) seen.add(asked);
        else break;
      }
    // It came early enough to be obeyed, and too late.
    expect(seen.has(true)).toBe(true);
    expect(seen.has(false)).toBe(true);
  });
});
