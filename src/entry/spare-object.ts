import type { JobObject } from "../../durable-objects/job.ts";

/** So long after a job began the next one's object is made, ms: not while its own has the thread. */
const afterMs = 25;

type Hint = DurableObjectLocationHint | null;

/**
 * An object for this isolate's next job, started before anybody waits for it: it has its place and an open, empty
 * storage. One that is never used is forgotten with the isolate; nothing was written, so nothing is left of it.
 */
export class SpareObject {
  #ready: { id: string; hint: Hint } | null = null;
  #making = false;

  /** The id for a new job near `hint`: the spare's, or a new one; and sees to the next spare. */
  next(jobs: DurableObjectNamespace, hint: Hint, keepAlive: (work: Promise<unknown>) => void): DurableObjectId {
    const ready = this.#ready?.hint === hint ? this.#ready : null;
    // One that waits in another place is given up: its callers are gone.
    this.#ready = null;
    if (!this.#making) {
      this.#making = true;
      keepAlive(this.#make(jobs, hint));
    }
    return ready === null ? jobs.newUniqueId() : jobs.idFromString(ready.id);
  }

  async #make(jobs: DurableObjectNamespace, hint: Hint): Promise<void> {
    try {
      await scheduler.wait(afterMs);
      const id = jobs.newUniqueId();
      const object = jobs.get(id, hint === null ? {} : { locationHint: hint });
      await (object as unknown as Pick<JobObject, "warm">).warm();
      this.#ready = { id: id.toString(), hint };
    } catch {
      // The next job makes its own, as it would have.
    } finally {
      this.#making = false;
    }
  }
}
