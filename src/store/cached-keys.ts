import type { KeyListing, KeyStore } from "../access/access.ts";
import type { KeyRow } from "../access/key.ts";

/** A revoked key still works for so long in an isolate that has seen it, ms. */
const rememberedMs = 10_000;
const mostKeys = 1_000;

/** An isolate's memory of keys that exist; made once, shared by its requests. */
export type KeyMemory = Map<string, { row: KeyRow; atMs: number }>;

/** Keys that were read a moment ago cost no hop. Only keys that exist are remembered: a new one works at once. */
export class CachedKeys implements KeyStore {
  readonly #keys: KeyStore;
  readonly #memory: KeyMemory;
  readonly #nowMs: () => number;

  constructor(keys: KeyStore, memory: KeyMemory, nowMs: () => number) {
    this.#keys = keys;
    this.#memory = memory;
    this.#nowMs = nowMs;
  }

  async get(id: string): Promise<KeyRow | null> {
    const nowMs = this.#nowMs();
    const known = this.#memory.get(id);
    if (known !== undefined && nowMs - known.atMs < rememberedMs) return known.row;
    this.#memory.delete(id);
    const row = await this.#keys.get(id);
    if (row === null) return null;
    this.#memory.set(id, { row, atMs: nowMs });
    const oldest = this.#memory.keys().next();
    if (this.#memory.size > mostKeys && !oldest.done) this.#memory.delete(oldest.value);
    return row;
  }

  put(row: KeyRow): Promise<void> {
    return this.#keys.put(row);
  }

  list(limit: number): Promise<KeyListing[]> {
    return this.#keys.list(limit);
  }

  async revoke(id: string, nowMs: number): Promise<boolean> {
    this.#memory.delete(id);
    return await this.#keys.revoke(id, nowMs);
  }
}
