import { EndWaiters } from "./end-waiters.ts";
import type { JobLog } from "./job-log.ts";
import type { Tombstone } from "./tombstone.ts";

/** Whether there is, or ever was, a job in an object whose place was given to several who ask the same. */
export class Beginning {
  readonly #log: JobLog;
  readonly #tombstone: Tombstone;
  readonly #waiters = new EndWaiters();
  #unmade = false;

  constructor(log: JobLog, tombstone: Tombstone) {
    this.#log = log;
    this.#tombstone = tombstone;
  }

  get #isNew(): boolean {
    return this.#log.isEmpty && this.#tombstone.read() === null;
  }

  /** Is there no job, also after `waitMs`, where one may be on its way? */
  async isMissing(waitMs: number): Promise<boolean> {
    if (waitMs > 0 && !this.#unmade && this.#isNew) await this.#waiters.wait(waitMs);
    return this.#isNew;
  }

  /** There is one now. */
  made(): void {
    this.#waiters.wake();
  }

  /** Who was to make it was refused: nobody waits for it any more. */
  unmade(): void {
    this.#unmade = true;
    this.#waiters.wake();
  }
}
