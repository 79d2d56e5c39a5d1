import { complaint } from "../../durable-objects/complaint.ts";
import { EventStreams } from "../../durable-objects/event-stream.ts";
import { JobLog } from "../../durable-objects/job-log.ts";
import type { EnginePorts, MarketView } from "../../src/engine/ports.ts";
import { JobRun } from "../../src/engine/run-job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { summaryOf } from "../../src/job/job-summary.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import { dataPoints } from "../../src/observe/data-point.ts";
import { spansOf } from "../../src/observe/otlp.ts";
import { Fleet } from "../../src/race/fleet.ts";
import { Slots } from "../../src/race/slots.ts";
import { ChaosClient } from "./chaos-client.ts";
import { ChaosPeople } from "./chaos-people.ts";
import { ChaosReceiver } from "./chaos-receiver.ts";
import type { ChaosTenant } from "./chaos-tenant.ts";
import type { Delivered, Evidence } from "./evidence.ts";
import { promptMarker } from "./random-job.ts";
import type { JobPlan, WriteFault } from "./schedule.ts";
import { ScriptedBidders } from "./scripted-bidders.ts";
import { type Seeded, seeded } from "./seeded.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** The lease of a job's object: a dead one comes back within it. */
export const leaseMs = 30_000;
/** A broken run is opened anew after this long. */
export const brokenMs = 5_000;
/** An object that has nothing to wait for looks again after this long. */
const parkedMs = 5 * 60_000;

class Killed extends Error {}
class DiskFull extends Error {}

/** One process of the job's object, until it dies or is superseded. */
interface Process {
  alive: boolean;
  /** Others took over, and it does not know. */
  zombie: boolean;
  run: JobRun;
  streams: EventStreams;
}

/** What all objects of a schedule share. */
export interface Surroundings {
  clock: VirtualClock;
  view: MarketView;
  tenant: ChaosTenant;
  /** What is to go wrong at this write. */
  dueFault(): WriteFault | undefined;
}

/**
 * A job's object with the real engine, log and streams, on a disk that survives, under a virtual clock, with processes
 * that die before or after any write, that live on as zombies, and disks that fill up in mid-commit.
 */
export class ChaosObject {
  readonly #plan: JobPlan;
  readonly #around: Surroundings;
  readonly #clock: VirtualClock;
  readonly #random: Seeded;
  readonly #disk = new SqliteStorage();
  readonly #provider: ScriptedBidders;
  readonly #receiver: ChaosReceiver;
  readonly #people: ChaosPeople;
  readonly #clients: ChaosClient[];
  readonly #sink: Delivered[] = [];
  readonly #commits: [number, number][] = [];
  readonly #boots: number[] = [];
  readonly #defects: string[] = [];
  /** What the job's object writes to the console and to telemetry. */
  readonly #lines: string[] = [];
  #current: Process | null = null;
  #rebooting = false;
  /** The alarm of an object that rests; null: it stands ahead of live work, as a lease. */
  #alarm: (() => void) | null = null;
  #end = 0;
  #turnedAway = false;
  /** There was a zombie. */
  #haunted = false;

  constructor(plan: JobPlan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.#clock = around.clock;
    const seed = plan.seed;
    this.#random = seeded(seed ^ 0x5bd1e995);
    this.#provider = new ScriptedBidders(around.view.bidders, seed);
    this.#receiver = new ChaosReceiver(seeded(seed ^ 0x1b873593));
    const later = (ms: number, then: () => void) => void this.#clock.after(this, ms, then);
    this.#people = new ChaosPeople(seeded(seed ^ 0x0cc9e2d5), {
      run: () => (this.#turnedAway ? null : this.#end === 0 ? "not yet" : (this.#current ?? this.#boot()).run),
      later,
    });
    this.#clients = Array.from(
      { length: plan.clients },
      (_, i) => new ChaosClient(`${i}`, seeded(seed + 7919 * (i + 1)), (after) => this.#connect(after), later),
    );
  }

  start(): void {
    const { postedAtMs, cancelsAtMs, request } = this.#plan;
    for (const client of this.#clients)
      this.#clock.after(this, postedAtMs + this.#random.int(0, 5000), () => client.start());
    for (const atMs of cancelsAtMs) this.#clock.after(this, postedAtMs + atMs, () => this.#cancel());
    if (typeof request.plan === "object")
      for (const { id, wait } of request.plan.microtasks)
        if (wait !== undefined && "for" in wait) this.#people.assign(id);
    this.#clock.after(this, postedAtMs, () => this.#post());
  }

  /** The job has ended, settled and delivered all, and its readers have all of it; or there is none. */
  get over(): boolean {
    if (this.#turnedAway) return true;
    return this.#current?.run.accepted === true && this.#current.run.finished && this.#hasReaders;
  }

  get #hasReaders(): boolean {
    return this.#clients.every((client) => client.last === this.#end);
  }

  stop(): void {
    if (!this.over) this.#defects.push("nothing happens any more");
    for (const client of this.#clients) client.stop();
    this.#current?.run.stop();
  }

  /** What providers bill for it, nano-USD. */
  get billedNano(): number {
    return this.#provider.calls.reduce((sum, call) => sum + (call.billedNano ?? 0), 0);
  }

  /** What every witness saw; null: the job was refused at the door. `billedNano`: by the providers, for all jobs. */
  evidence(billedNano: number): Evidence | null {
    const log = new JobLog(this.#disk).read();
    const shown = this.#current?.run.accepted ? this.#current.run.job : null;
    this.#disk.close();
    if (this.#turnedAway && log.length === 0) return null;
    return {
      job: this.#plan.id,
      log,
      shown,
      view: null,
      calls: this.#provider.calls,
      clients: this.#clients.map(({ name, events }) => ({ name, events })),
      sink: this.#sink,
      posts: this.#receiver.posts,
      words: this.#people.words,
      tenant: this.#around.tenant.books(this.#plan.id, billedNano),
      commits: this.#commits,
      boots: this.#boots,
      leaseMs,
      defects: this.#defects,
      console: this.#lines,
      secrets: [promptMarker],
    };
  }

  strike(how: "kill" | "zombie"): void {
    const process = this.#current;
    if (process === null) return;
    if (how === "kill") return this.#bury(process);
    process.zombie = true;
    this.#haunted = true;
    this.#succeed(process);
  }

  /** A client posts under an idempotency key until it has an answer; each try draws its money anew, as a Worker does. */
  #post(): void {
    const { id, request, seed } = this.#plan;
    const { tenant } = this.#around;
    const again = () => void this.#clock.after(this, this.#random.int(100, 3000), () => this.#post());
    const slice = tenant.opening(request, this.#around.view);
    if (slice === "refused") {
      this.#turnedAway = this.#end === 0;
      return;
    }
    if (this.#end > 0) return tenant.returnSlice(slice);
    const process = this.#current ?? this.#boot();
    const capped = slice === null ? {} : { slice };
    try {
      process.run.accept({ type: "job-accepted", job: id, tenant: "tenant", request, seed, via: "http", ...capped });
    } catch (error) {
      // The one that asked for the job gets an error, and asks again.
      if (process.alive && !process.run.stopped) this.#defects.push(String(error));
      return again();
    }
    this.#tell(process);
    // The answer may be lost.
    if (this.#random.chance(0.1)) again();
  }

  #boot(): Process {
    this.#rebooting = false;
    const log = new JobLog(this.#disk);
    const process: Process = { alive: true, zombie: false, run: undefined as never, streams: new EventStreams() };
    this.#boots.push(this.#clock.nowMs);
    this.#current = process;
    process.run = new JobRun(log.read(), this.#ports(process, log));
    if (!process.run.accepted) return process;
    process.run.resume();
    this.#tend(process);
    if (process.run.job.status === "running") this.#tell(process);
    return process;
  }

  /** As the job's object does: its tenant hears of a running job, again when it did not answer. */
  #tell(process: Process, again = 0): void {
    if (!process.alive || process.run.stopped) return;
    if (again === 0) process.run.keepWhatIsNeeded();
    const { leasedNano } = process.run.job;
    this.#around.tenant.begin(process, process.run.job).then(
      (heldNano) => process.run.holds(leasedNano, heldNano),
      () => {
        if (again < 5 && !process.run.finished)
          this.#clock.after(process, 1000 * 2 ** again, () => this.#tell(process, again + 1));
      },
    );
  }

  /** The alarm stands at what a resting job waits for; ahead of live work it is a lease. */
  #tend(process: Process): void {
    if (process !== this.#current || !process.alive || process.run.stopped || process.run.finished) return;
    const untilMs = process.run.idleUntilMs;
    this.#alarm?.();
    this.#alarm = null;
    if (untilMs === "now") return;
    const atMs = untilMs ?? this.#clock.nowMs + parkedMs;
    this.#alarm = this.#clock.after(this, Math.max(1, atMs - this.#clock.nowMs), () => {
      this.#alarm = null;
      const awake = this.#current;
      if (awake === null) return void this.#boot();
      awake.run.turn();
      this.#tend(awake);
    });
  }

  #ports(process: Process, log: JobLog): EnginePorts {
    const clock = this.#clock;
    const after = (ms: number, then: () => void) => clock.after(process, ms, then);
    const { tenant, view } = this.#around;
    return {
      append: (events, epoch) => this.#append(process, log, events, epoch),
      nowMs: () => clock.nowMs,
      after,
      newAbort: () => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
      },
      models: this.#provider.port({
        nowMs: () => clock.nowMs,
        isAlive: () => process.alive,
        after,
        logEnd: () => this.#end,
      }),
      slots: new Slots(() => clock.nowMs),
      fleet: new Fleet(() => clock.nowMs),
      lease: (job, leastNano, totalNano, waitMs) => tenant.lease(process, job, leastNano, totalNano, waitMs),
      deliver: (_job, id, body) =>
        this.#receiver.post(id, body, {
          there: (ms, then) => void clock.after(this, ms, then),
          back: after,
          logEnd: () => this.#end,
        }),
      market: () => view,
      settle: async (job, settlements) => {
        // With a settlement go the job's spans and its points of the dataset.
        this.#lines.push(
          JSON.stringify(spansOf(log.read())),
          JSON.stringify(dataPoints([summaryOf(job)], settlements)),
        );
        await tenant.settle(process, job);
        return this.#settle(process, settlements);
      },
      nonce: () => "n0nceOfTheChaosTests",
      detectLanguage: () => null,
      broken: (error) => this.#broken(process, error),
      watched: () => process.streams.size > 0,
      committed: (events) => {
        process.streams.publish(events);
        queueMicrotask(() => {
          if (process.run.over) process.streams.settle();
          this.#tend(process);
        });
      },
    };
  }

  #append(process: Process, log: JobLog, events: LoggedEvent[], epoch: number): void {
    if (!process.alive) throw new Killed("dead");
    const fault = process.zombie ? undefined : this.#around.dueFault();
    if (fault === "before") this.#kill(process);
    if (fault === "full") {
      let rows = 0;
      this.#disk.fault = (query) => {
        if (!query.startsWith("INSERT INTO log ")) return;
        rows += query.split("(?").length - 1;
        if (rows >= Math.min(2, events.length)) throw new DiskFull("disk full");
      };
    }
    try {
      log.append(events, epoch);
    } finally {
      this.#disk.fault = null;
    }
    const [first, last] = [events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0];
    this.#commits.push([first, last]);
    this.#end = last;
    if (fault === "after") this.#kill(process);
    if (fault === "zombie") {
      this.#leaseAhead();
      this.strike("zombie");
    }
  }

  /** Throws: nothing of the process runs on. */
  #kill(process: Process): never {
    this.#leaseAhead();
    this.#bury(process);
    throw new Killed("killed");
  }

  /** A write sets the alarm in its own commit, ahead of the work that it begins. */
  #leaseAhead(): void {
    this.#alarm?.();
    this.#alarm = null;
  }

  #bury(process: Process): void {
    process.alive = false;
    this.#clock.forget(process);
    for (const call of this.#provider.calls) call.endedAtMs ??= this.#clock.nowMs;
    this.#succeed(process);
  }

  /** The lease of a process runs out, or a request comes: another boots. One that rested has its alarm. */
  #succeed(process: Process): void {
    if (this.#current !== process) return;
    this.#current = null;
    for (const client of this.#clients) client.drop();
    if (this.#alarm === null) this.#reboot(this.#random.int(1, leaseMs + brokenMs));
  }

  #reboot(ms: number): void {
    if (this.#rebooting) return;
    this.#rebooting = true;
    this.#clock.after(this, ms, () => {
      if (this.#current === null) this.#boot();
    });
  }

  #broken(process: Process, error: unknown): void {
    this.#lines.push(complaint("job-stopped", "chaos", error));
    if (!process.alive || error instanceof Killed) return;
    process.streams.settle();
    // A zombie is refused by the log, and so is who takes over from one that wrote once more: both of one epoch while
    // the job only waits. A full disk is no defect either. What else stops a process is.
    const refused = this.#haunted && String(error).includes("The log refused an append");
    if (!refused && !(error instanceof DiskFull)) this.#defects.push(String(error));
    this.#clock.forget(process);
    process.alive = false;
    if (this.#current !== process) return;
    this.#current = null;
    for (const client of this.#clients) client.drop();
    this.#reboot(brokenMs);
  }

  #connect(after: number): ReadableStream<Uint8Array> | null {
    const process = this.#current;
    if (process === null || !process.run.accepted) return null;
    const log = new JobLog(this.#disk);
    return process.streams.subscribe(
      {
        page: (from, maxChars) => log.page(from, this.#random.chance(0.2) ? 1 : maxChars),
        state: () => (process.run.over || process.run.stopped ? "over" : "live"),
      },
      after,
    );
  }

  #cancel(): void {
    if (this.#end === 0) return;
    const process = this.#current ?? this.#boot();
    if (!process.run.stopped) process.run.cancel("client");
    // A client that got no answer asks again.
    if (process.run.stopped) this.#clock.after(this, 1000, () => this.#cancel());
  }

  /** A queue that takes at least once: it may take and then fail to say so. */
  async #settle(process: Process, settlements: Settlement[]): Promise<void> {
    const taken = this.#random.chance(0.85);
    const told = this.#random.chance(0.85);
    const wait = (ms: number) => new Promise<void>((resolve) => this.#clock.after(process, ms, resolve));
    await wait(this.#random.int(1, 500));
    if (taken)
      for (const settlement of settlements)
        this.#sink.push({ key: settlement.key, settlement: structuredClone(settlement) });
    await wait(this.#random.int(1, 500));
    if (!taken || !told) throw new Error("the queue did not answer");
  }
}
