import type { Job } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import type { EnginePorts } from "./ports.ts";

/** What the engine's parts share while one job runs in one process. */
export interface Run {
  readonly ports: EnginePorts;
  readonly job: Job;
  readonly live: Map<string, LiveAttempt>;
  /** The tenant's budget was asked for more and has not answered yet. */
  asking: boolean;
  /** The tenant's budget may hold more for the job than the log says: a call to it failed, or it says so itself. */
  lentMore: boolean;
  /** When this process last knew that the tenant had no cap, epoch ms; 0: it has not asked. */
  uncappedAtMs: number;
  /** Messages of the outbox that are on their way. */
  readonly delivering: Set<string>;
  /** Appends events to the log and folds them: one atomic commit. */
  record(...events: JobEvent[]): void;
  /** Looks again at what is to be done; to be called after anything was recorded. */
  turn(): void;
}
