import { giveApproval } from "../../src/engine/approval.ts";
import type { JobRun } from "../../src/engine/run-job.ts";
import type { Word } from "./evidence.ts";
import type { Seeded } from "./seeded.ts";

/** What people need of the job: its run, whoever wakes it, and the clock. null: there is no job, and will be none. */
interface Job {
  run(): JobRun | "not yet" | null;
  later(ms: number, then: () => void): void;
}

/** The people who approve: too early, at any time, twice, and once more when they got no answer. */
export class ChaosPeople {
  readonly words: Word[] = [];
  readonly #random: Seeded;
  readonly #job: Job;

  constructor(random: Seeded, job: Job) {
    this.#random = random;
    this.#job = job;
  }

  /** Somebody is to decide on this microtask. */
  assign(microtask: string): void {
    this.#job.later(this.#random.int(0, 60_000), () => this.#speak(microtask));
  }

  #speak(microtask: string): void {
    const again = () => this.#job.later(this.#random.int(200, 60_000), () => this.#speak(microtask));
    const run = this.#job.run();
    if (run === null) return;
    if (run === "not yet") return again();
    const approved = this.#random.chance(0.85);
    const refusal = giveApproval(run, microtask, approved, "");
    // Nobody heard an answer: it may be in the log or not.
    if (run.stopped) return again();
    this.words.push({ microtask, approved, taken: refusal === null });
    if (refusal === null ? this.#random.chance(0.5) : refusal.message.includes("waits for others")) again();
  }
}
