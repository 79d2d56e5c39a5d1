/** An unfinished job's object is woken by its alarm this long after it was last seen alive, ms. */
export const leaseMs = 30_000;
const renewMs = 10_000;

/** The part of an object's storage that the lease needs. */
export interface AlarmStorage {
  setAlarm(atMs: number): Promise<void>;
}

/**
 * The object's one alarm. While work is live it is kept ahead of the clock, so that it fires only when the process is
 * dead; otherwise it stands at the next time there is something to do. Each setting of it is a row written.
 */
export class Lease {
  readonly #storage: AlarmStorage;
  #renew: ReturnType<typeof setInterval> | null = null;
  /** Where the alarm stands when nothing renews it; null: somewhere else, or unknown. */
  #restsAtMs: number | null = null;

  constructor(storage: AlarmStorage) {
    this.#storage = storage;
  }

  /** Work is live from now on. */
  hold(): void {
    if (this.#renew !== null) return;
    this.#restsAtMs = null;
    this.#set(Date.now() + leaseMs);
    this.#renew = setInterval(() => this.#set(Date.now() + leaseMs), renewMs);
  }

  /** No work is live: the alarm waits at this time (epoch ms), and nothing keeps the object awake. */
  rest(atMs: number): void {
    if (this.#renew !== null) clearInterval(this.#renew);
    this.#renew = null;
    if (this.#restsAtMs === atMs) return;
    this.#restsAtMs = atMs;
    this.#set(atMs);
  }

  /** The alarm fired: it stands nowhere. */
  fired(): void {
    this.#restsAtMs = null;
    if (this.#renew !== null) clearInterval(this.#renew);
    this.#renew = null;
  }

  #set(atMs: number): void {
    // Not awaited: the output gate holds back what must not be seen before the write is on disk.
    void this.#storage.setAlarm(atMs);
  }
}
