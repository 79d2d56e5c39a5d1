import { type AbortSignalLike, ModelFailure } from "./model-port.ts";

/** The right to have one request wait for response headers. `release` is idempotent; call it on headers or at the end. */
export interface Slot {
  /** Time in the queue, ms. Time-outs of the call start after it. */
  queuedMs: number;
  release(): void;
}

export interface SlotLimits {
  /** Requests that may wait for headers at a time; a Durable Object has six, a seventh queues silently. */
  capacity: number;
  /** Of these, how many only judges may take. */
  keptForJudge: number;
  /** Calls that may wait here; one more is refused. */
  maxQueued: number;
}
export const objectLimits: SlotLimits = { capacity: 6, keptForJudge: 1, maxQueued: 512 };

interface Waiter {
  lane: string;
  judge: boolean;
  sinceMs: number;
  admit(slot: Slot): void;
}

/** Queue times since the start, ms. */
export interface QueueTimes {
  calls: number;
  queued: number;
  totalMs: number;
  maxMs: number;
}

/**
 * One per Durable Object, shared by its races, judges and planner. Fair: lanes (microtasks) take turns, calls of one
 * lane keep their order; judges form lanes of their own and are served first while their kept slot is free.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #nowMs: () => number;
  /** Waiting calls by lane; Map order is the order of turns. */
  readonly #lanes = new Map<string, Waiter[]>();
  #waiting = 0;
  #judges = 0;
  #others = 0;
  readonly #times: QueueTimes = { calls: 0, queued: 0, totalMs: 0, maxMs: 0 };

  constructor(nowMs: () => number, limits: SlotLimits = objectLimits) {
    if (limits.keptForJudge >= limits.capacity) throw new RangeError("A judge may not keep every slot.");
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  get held(): number {
    return this.#judges + this.#others;
  }
  get waiting(): number {
    return this.#waiting;
  }
  get times(): QueueTimes {
    return { ...this.#times };
  }
  /** Calls that can still queue: back-pressure for whoever starts more microtasks. */
  get room(): number {
    return this.#limits.maxQueued - this.#waiting;
  }

  /** Waits for a turn. Rejects with ModelFailure: "no-capacity" when the queue is full, "internal" when the signal aborts first. */
  acquire(lane: string, judge: boolean, signal: AbortSignalLike): Promise<Slot> {
    if (signal.aborted) return Promise.reject(withdrawn());
    this.#times.calls++;
    if (this.#fits(judge) && !this.#hasWaiters(judge)) return Promise.resolve(this.#take(judge, this.#nowMs()));
    if (this.#waiting >= this.#limits.maxQueued) {
      return Promise.reject(new ModelFailure("no-capacity", `${this.#waiting} calls wait for a slot; try again later`));
    }
    this.#times.queued++;
    return new Promise((resolve, reject) => {
      const key = judge ? `judge of ${lane}` : lane;
      const waiter: Waiter = {
        lane: key,
        judge,
        sinceMs: this.#nowMs(),
        admit: (slot) => {
          signal.removeEventListener("abort", leave);
          resolve(slot);
        },
      };
      const leave = () => {
        if (this.#remove(waiter)) reject(withdrawn());
      };
      signal.addEventListener("abort", leave, { once: true });
      const queue = this.#lanes.get(key);
      if (queue === undefined) this.#lanes.set(key, [waiter]);
      else queue.push(waiter);
      this.#waiting++;
    });
  }

  #fits(judge: boolean): boolean {
    if (this.held >= this.#limits.capacity) return false;
    return judge || this.#others < this.#limits.capacity - this.#limits.keptForJudge;
  }

  #hasWaiters(judge: boolean): boolean {
    if (this.#waiting === 0) return false;
    for (const queue of this.#lanes.values()) if (queue[0]?.judge === judge) return true;
    return false;
  }

  #take(judge: boolean, sinceMs: number): Slot {
    if (judge) this.#judges++;
    else this.#others++;
    const queuedMs = Math.max(0, this.#nowMs() - sinceMs);
    this.#times.totalMs += queuedMs;
    this.#times.maxMs = Math.max(this.#times.maxMs, queuedMs);
    let held = true;
    return {
      queuedMs,
      release: () => {
        if (!held) return;
        held = false;
        if (judge) this.#judges--;
        else this.#others--;
        this.#serve();
      },
    };
  }

  #serve(): void {
    for (;;) {
      const waiter = this.#next();
      if (waiter === null) return;
      this.#remove(waiter);
      const rest = this.#lanes.get(waiter.lane);
      if (rest !== undefined) {
        // The lane had its turn and goes to the end of the ring.
        this.#lanes.delete(waiter.lane);
        this.#lanes.set(waiter.lane, rest);
      }
      waiter.admit(this.#take(waiter.judge, waiter.sinceMs));
    }
  }

  #next(): Waiter | null {
    if (this.#judges < this.#limits.keptForJudge && this.#fits(true)) {
      for (const queue of this.#lanes.values()) if (queue[0]?.judge) return queue[0];
    }
    for (const queue of this.#lanes.values()) {
      const [first] = queue;
      if (first !== undefined && this.#fits(first.judge)) return first;
    }
    return null;
  }

  #remove(waiter: Waiter): boolean {
    const queue = this.#lanes.get(waiter.lane);
    const at = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || at < 0) return false;
    queue.splice(at, 1);
    this.#waiting--;
    if (queue.length === 0) this.#lanes.delete(waiter.lane);
    return true;
  }
}

const withdrawn = () => new ModelFailure("internal", "The call was withdrawn while it waited for a slot.");
