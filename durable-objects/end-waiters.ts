/** Calls that wait for a job's end, or for its beginning. They hold no place in the log: whoever is woken looks at the job itself. */
export class EndWaiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `wake`, or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
