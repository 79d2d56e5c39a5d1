import { and, eq, isNull } from "drizzle-orm";
import type { Database } from "./database.ts";
import { apiKeys } from "./schema.ts";

/** A stored API key. The secret itself is nowhere: only its SHA-256 in hex. */
export interface StoredKey {
  id: string;
  tenant: string;
  secretSha256: string;
  createdAtMs: number;
  revokedAtMs: number | null;
}

/** API keys in D1. Comparing secrets (in constant time) and making ids is the caller's, src/access. */
export class KeyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The key with this id, revoked ones too; null: there is none. */
  async find(id: string): Promise<StoredKey | null> {
    const [row] = await this.#db.select().from(apiKeys).where(eq(apiKeys.id, id)).limit(1);
    return row ?? null;
  }

  /** Adds a key. An id that exists throws: it is never overwritten. */
  async create(key: Omit<StoredKey, "revokedAtMs">): Promise<void> {
    await this.#db.insert(apiKeys).values({ ...key, revokedAtMs: null });
  }

  /** Revokes a key for good; false: there is no such key in force. */
  async revoke(id: string, nowMs: number): Promise<boolean> {
    const revoked = await this.#db
      .update(apiKeys)
      .set({ revokedAtMs: nowMs })
      .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAtMs)))
      .returning({ id: apiKeys.id });
    return revoked.length > 0;
  }

  /** Keys for the operator, newest first, without their hashes. */
  async list(limit = 200): Promise<Omit<StoredKey, "secretSha256">[]> {
    const rows = await this.#db
      .select({
        id: apiKeys.id,
        tenant: apiKeys.tenant,
        createdAtMs: apiKeys.createdAtMs,
        revokedAtMs: apiKeys.revokedAtMs,
      })
      .from(apiKeys)
      .limit(limit);
    return rows.sort((a, b) => b.createdAtMs - a.createdAtMs);
  }
}
