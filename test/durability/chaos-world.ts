import { emptyMarket } from "../../src/market/market.ts";
import { brokenMs, ChaosObject, leaseMs } from "./chaos-object.ts";
import { ChaosTenant } from "./chaos-tenant.ts";
import type { Evidence } from "./evidence.ts";
import type { Fault, Schedule, TimeFault, WriteFault } from "./schedule.ts";
import { seeded } from "./seeded.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

/** Virtual time a schedule may take in all: a webhook alone is tried for 40 h. */
const limitMs = 100 * 3_600_000;

/** The objects of a tenant's jobs, their tenant's object, and what goes wrong with them, under one virtual clock. */
export class ChaosWorld {
  readonly #clock = new VirtualClock();
  readonly #tenant: ChaosTenant;
  readonly #objects: ChaosObject[];
  readonly #faults: Fault[];
  /** Writes of all the jobs so far. */
  writes = 0;

  constructor(schedule: Schedule) {
    this.#faults = [...schedule.faults];
    this.#tenant = new ChaosTenant(this.#clock, seeded(schedule.seed ^ 0x27d4eb2f), schedule.capNano);
    const around = {
      clock: this.#clock,
      tenant: this.#tenant,
      view: {
        state: emptyMarket(),
        bidders: schedule.bidders,
        pacing: { lambda: 1, muUsdPerSecond: 0.0001 },
        judgeAuditShare: 0.5,
        examples: () => [],
      },
      dueFault: () => this.#dueFault(),
    };
    this.#objects = schedule.jobs.map((plan) => new ChaosObject(plan, around));
  }

  /** Runs the schedule to its end and hands over what every witness saw of each job that there was. */
  async run(): Promise<Evidence[]> {
    for (const fault of this.#faults)
      if (fault.when === "time") this.#clock.after(this, fault.atMs, () => this.#strike(fault.how, fault.job));
    for (const object of this.#objects) object.start();
    const untilMs = this.#clock.nowMs + limitMs;
    let quietUntilMs = untilMs;
    for (;;) {
      await settled();
      const over = this.#objects.every((object) => object.over);
      // Zombies may still write, and leases run out: none of that may change an ended job.
      if (!over) quietUntilMs = untilMs;
      else if (quietUntilMs === untilMs) quietUntilMs = this.#clock.nowMs + leaseMs + brokenMs;
      if (!this.#clock.step(quietUntilMs)) break;
    }
    for (const object of this.#objects) object.stop();
    const billedNano = this.#objects.reduce((sum, object) => sum + object.billedNano, 0);
    const evidence = this.#objects.flatMap((object) => object.evidence(billedNano) ?? []);
    this.#tenant.close();
    return evidence;
  }

  #dueFault(): WriteFault | undefined {
    this.writes++;
    const at = this.#faults.findIndex((fault) => fault.when === "write" && fault.write === this.writes);
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0];
    return fault?.when === "write" ? fault.how : undefined;
  }

  #strike(how: TimeFault, job: number): void {
    if (how === "tenant") this.#tenant.die();
    else if (how === "worker") this.#tenant.loseWorker();
    else this.#objects[job]?.strike(how);
  }
}
