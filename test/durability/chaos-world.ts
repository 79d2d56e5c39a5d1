import { complaint } from "../../durable-objects/complaint.ts";
import { EventStreams } from "../../durable-objects/event-stream.ts";
import { JobLog } from "../../durable-objects/job-log.ts";
import type { EnginePorts, MarketView } from "../../src/engine/ports.ts";
import { JobRun } from "../../src/engine/run-job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { summaryOf } from "../../src/job/job-summary.ts";
import { emptyMarket } from "../../src/market/market.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import { dataPoints } from "../../src/observe/data-point.ts";
import { spansOf } from "../../src/observe/otlp.ts";
import { Fleet } from "../../src/race/fleet.ts";
import { Slots } from "../../src/race/slots.ts";
import { ChaosClient } from "./chaos-client.ts";
import type { Delivered, Evidence } from "./evidence.ts";
import { promptMarker } from "./random-job.ts";
import type { Fault, Schedule } from "./schedule.ts";
import { ScriptedBidders } from "./scripted-bidders.ts";
import { seeded } from "./seeded.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

/** The lease of a job's object: a dead one comes back within it. */
const leaseMs = 30_000;
/** A broken run is opened anew after this long. */
const brokenMs = 5_000;
/** Virtual time a job may take in all. */
const limitMs = 6 * 3_600_000;

class Killed extends Error {}
class DiskFull extends Error {}

/** One process of the job's object, until it dies or is superseded. */
interface Process {
  name: number;
  alive: boolean;
  /** Others took over, and it does not know. */
  zombie: boolean;
  run: JobRun;
  streams: EventStreams;
}

/**
 * The job's object with the real engine, log and streams, on a disk that survives, under a virtual clock, with
 * processes that die before or after any write, that live on as zombies, and disks that fill up in mid-commit.
 */
export class ChaosWorld {
  readonly #clock = new VirtualClock();
  readonly #disk = new SqliteStorage();
  readonly #schedule: Schedule;
  readonly #provider: ScriptedBidders;
  readonly #clients: ChaosClient[];
  readonly #sink: Delivered[] = [];
  readonly #commits: [number, number][] = [];
  readonly #boots: number[] = [];
  readonly #defects: string[] = [];
  /** What the job's object writes to the console and to telemetry. */
  readonly #lines: string[] = [];
  readonly #random;
  readonly #faults: Fault[];
  readonly #view: MarketView;
  #current: Process | null = null;
  #rebooting = false;
  #end = 0;
  writes = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#random = seeded(schedule.seed ^ 0x5bd1e995);
    this.#faults = [...schedule.faults];
    this.#provider = new ScriptedBidders(schedule.bidders, schedule.seed);
    this.#view = {
      state: emptyMarket(),
      bidders: schedule.bidders,
      pacing: { lambda: 1, muUsdPerSecond: 0.0001 },
      judgeAuditShare: 0.5,
      examples: () => [],
    };
    const later = (ms: number, then: () => void) => void this.#clock.after(this, ms, then);
    this.#clients = Array.from(
      { length: schedule.clients },
      (_, i) => new ChaosClient(`${i}`, seeded(schedule.seed + 7919 * (i + 1)), (after) => this.#connect(after), later),
    );
  }

  /** Runs the schedule to its end and hands over what every witness saw. */
  async run(): Promise<Evidence> {
    for (const fault of this.#faults)
      if (fault.when === "time") this.#clock.after(this, fault.atMs, () => this.#strike(fault.how));
    for (const client of this.#clients) this.#clock.after(this, this.#random.int(0, 5000), () => client.start());
    const { cancelAtMs } = this.#schedule;
    if (cancelAtMs !== null) this.#clock.after(this, cancelAtMs, () => this.#cancel());
    this.#boot();
    const untilMs = this.#clock.nowMs + limitMs;
    let quietUntilMs = untilMs;
    for (;;) {
      await settled();
      const over = this.#current?.run.finished === true && this.#clients.every((c) => c.last === this.#end);
      // Zombies may still write, and leases run out: none of that may change an ended job.
      if (!over) quietUntilMs = untilMs;
      else if (quietUntilMs === untilMs) quietUntilMs = this.#clock.nowMs + leaseMs + brokenMs;
      if (!this.#clock.step(quietUntilMs)) break;
    }
    if (this.#current === null || !this.#current.run.finished) this.#defects.push("nothing happens any more");
    for (const client of this.#clients) client.stop();
    this.#current?.run.stop();
    const evidence = this.#evidence();
    this.#disk.close();
    return evidence;
  }

  #evidence(): Evidence {
    const log = new JobLog(this.#disk).read();
    return {
      job: "job_chaos",
      log,
      shown: this.#current?.run.accepted ? this.#current.run.job : null,
      view: null,
      posts: null,
      words: [],
      tenant: null,
      calls: this.#provider.calls,
      clients: this.#clients.map(({ name, events }) => ({ name, events })),
      sink: this.#sink,
      commits: this.#commits,
      boots: this.#boots,
      leaseMs,
      defects: this.#defects,
      console: this.#lines,
      secrets: [promptMarker],
    };
  }

  #boot(): Process {
    this.#rebooting = false;
    const log = new JobLog(this.#disk);
    const process: Process = {
      name: this.#boots.length,
      alive: true,
      zombie: false,
      run: undefined as never,
      streams: new EventStreams(),
    };
    this.#boots.push(this.#clock.nowMs);
    this.#current = process;
    process.run = new JobRun(log.read(), this.#ports(process, log));
    try {
      if (process.run.accepted) process.run.resume();
      else process.run.accept({ type: "job-accepted", ...this.#schedule.job });
    } catch (error) {
      // The one that asked for the job gets an error, and asks again.
      if (process.alive && !process.run.stopped) this.#defects.push(String(error));
    }
    return process;
  }

  #ports(process: Process, log: JobLog): EnginePorts {
    const slots = new Slots(() => this.#clock.nowMs);
    const after = (ms: number, then: () => void) => this.#clock.after(process, ms, then);
    return {
      append: (events, epoch) => this.#append(process, log, events, epoch),
      nowMs: () => this.#clock.nowMs,
      after,
      newAbort: () => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
      },
      models: this.#provider.port({
        nowMs: () => this.#clock.nowMs,
        isAlive: () => process.alive,
        after,
        logEnd: () => this.#end,
      }),
      slots,
      fleet: new Fleet(() => this.#clock.nowMs),
      lease: async (_job, _leastNano, totalNano) => ({ totalNano, shortage: null }),
      deliver: async () => ({ ok: true, status: 204 }),
      market: () => this.#view,
      settle: (job, settlements) => {
        // With a settlement go the job's spans and its points of the dataset.
        this.#lines.push(
          JSON.stringify(spansOf(log.read())),
          JSON.stringify(dataPoints([summaryOf(job)], settlements)),
        );
        return this.#settle(process, settlements);
      },
      nonce: () => "n0nceOfTheChaosTests",
      detectLanguage: () => null,
      broken: (error) => this.#broken(process, error),
      watched: () => process.streams.size > 0,
      committed: (events) => {
        process.streams.publish(events);
        queueMicrotask(() => {
          if (process.run.finished) process.streams.settle();
        });
      },
    };
  }

  #append(process: Process, log: JobLog, events: LoggedEvent[], epoch: number): void {
    if (!process.alive) throw new Killed("dead");
    const fault = process.zombie ? undefined : this.#dueFault();
    if (fault === "before") this.#kill(process);
    if (fault === "full") {
      let rows = 0;
      this.#disk.fault = (query) => {
        if (query.startsWith("INSERT") && ++rows === Math.min(2, events.length)) throw new DiskFull("disk full");
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
    if (fault === "zombie") this.#strike("zombie");
  }

  #dueFault(): "before" | "after" | "full" | "zombie" | undefined {
    this.writes++;
    const at = this.#faults.findIndex((fault) => fault.when === "write" && fault.write === this.writes);
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0];
    return fault?.when === "write" ? fault.how : undefined;
  }

  /** Throws: nothing of the process runs on. */
  #kill(process: Process): never {
    this.#bury(process);
    throw new Killed("killed");
  }

  #bury(process: Process): void {
    process.alive = false;
    this.#clock.forget(process);
    for (const call of this.#provider.calls) call.endedAtMs ??= this.#clock.nowMs;
    this.#succeed(process);
  }

  /** The lease of a process runs out, or a request comes: another boots. */
  #succeed(process: Process): void {
    if (this.#current !== process) return;
    this.#current = null;
    for (const client of this.#clients) client.drop();
    this.#reboot(this.#random.int(1, leaseMs + brokenMs));
  }

  #reboot(ms: number): void {
    if (this.#rebooting) return;
    this.#rebooting = true;
    this.#clock.after(this, ms, () => {
      if (this.#current === null) this.#boot();
    });
  }

  #strike(how: "kill" | "zombie"): void {
    const process = this.#current;
    if (process === null) return;
    if (how === "kill") return this.#bury(process);
    process.zombie = true;
    this.#succeed(process);
  }

  #broken(process: Process, error: unknown): void {
    this.#lines.push(complaint("job-stopped", "chaos", error));
    if (!process.alive || error instanceof Killed) return;
    process.streams.settle();
    // A zombie is refused by the log; a full disk is no defect. What else stops a process is.
    if (!process.zombie && !(error instanceof DiskFull)) this.#defects.push(String(error));
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
        state: () => (process.run.finished || process.run.stopped ? "over" : "live"),
      },
      after,
    );
  }

  #cancel(): void {
    const process = this.#current ?? this.#boot();
    if (process.run.accepted) process.run.cancel("client");
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
