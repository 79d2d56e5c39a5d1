import { isSettled } from "../src/engine/next-steps.ts";
import type { EnginePorts } from "../src/engine/ports.ts";
import type { Run } from "../src/engine/run.ts";
import { sendSettlement } from "../src/engine/settle.ts";
import { evolve, fold } from "../src/job/evolve.ts";
import type { Job } from "../src/job/job.ts";
import type { JobEvent, LoggedEvent } from "../src/job/job-event.ts";

/**
 * A job that has ended, in a shard: nothing of it runs, but its tenant and the market are to be told of it, and people
 * may have a word on it. Its events are appended to its log like those of any job.
 */
export class EndedRun implements Run {
  readonly ports: EnginePorts;
  readonly live = new Map();
  readonly delivering = new Set<string>();
  asking = false;
  lentMore = false;
  uncappedAtMs = 0;
  readonly #job: Job;
  readonly #append: (events: LoggedEvent[], owed: boolean) => void;

  /** `append`: all of these events; when it throws, the run is not to be used again. `owed`: somebody has to be told. */
  constructor(
    log: Iterable<LoggedEvent>,
    ports: Pick<EnginePorts, "settle" | "after" | "nowMs">,
    append: (events: LoggedEvent[], owed: boolean) => void,
  ) {
    const job = fold(log);
    if (job === null || job.status === "running") throw new Error("The log is not an ended job's.");
    this.#job = job;
    this.#append = append;
    // An ended job asks nothing else of the world.
    this.ports = ports as EnginePorts;
  }

  get job(): Job {
    return this.#job;
  }

  /** Its tenant or the market has not taken all of it. */
  get owed(): boolean {
    return !isSettled(this.#job);
  }

  record(...events: JobEvent[]): void {
    const atMs = this.ports.nowMs();
    const { seq } = this.#job;
    const logged = events.map((event, i): LoggedEvent => ({ ...event, seq: seq + 1 + i, atMs }));
    for (const event of logged) evolve(this.#job, event);
    this.#append(logged, this.owed);
  }

  /** Tells whoever is to be told; again until it is taken. */
  turn(): void {
    if (this.owed) sendSettlement(this);
  }
}
