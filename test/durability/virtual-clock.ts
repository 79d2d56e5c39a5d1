interface Timer {
  atMs: number;
  order: number;
  owner: object;
  then: () => void;
}

/** When virtual time begins, epoch ms. */
export const startMs = 1_790_000_000_000;

/** Time that moves only when told to: timers run in order of their time, then of their making. */
export class VirtualClock {
  nowMs = startMs;
  #timers: Timer[] = [];
  #order = 0;

  /** Calls `then` once; `owner` is the process whose death forgets it. */
  after(owner: object, ms: number, then: () => void): () => void {
    const timer: Timer = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, owner, then };
    this.#timers.push(timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  forget(owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
  }

  /** Runs the next timer; false: there is none before `untilMs`. */
  step(untilMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
        next = timer;
    if (next === undefined || next.atMs > untilMs) return false;
    this.#timers.splice(this.#timers.indexOf(next), 1);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.then();
    return true;
  }
}

/** Lets every promise that can settle do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
