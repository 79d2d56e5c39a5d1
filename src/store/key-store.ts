import { and, desc, eq, isNull } from "drizzle-orm";
import type { KeyListing, KeyStore } from "../access/access.ts";
import type { KeyRow } from "../access/key.ts";
import type { Database } from "./database.ts";
import { apiKeys } from "./schema.ts";

/** Tenants' keys in D1: hashes only. Making ids and comparing secrets is src/access's. */
export class StoredKeys implements KeyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The key with this id, revoked ones too; null: there is none. */
  async get(id: string): Promise<KeyRow | null> {
    const [row] = await this.#db.select().from(apiKeys).where(eq(apiKeys.id, id)).limit(1);
    if (row === undefined) return null;
    const { secretSha256, ...key } = row;
    return { ...key, secretHash: secretSha256 };
  }

  /** Adds a key. An id that exists throws: no key is ever overwritten. */
  async put({ secretHash, ...row }: KeyRow): Promise<void> {
    await this.#db.insert(apiKeys).values({ ...row, secretSha256: secretHash });
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

  /** Keys for the operator, newest first, revoked ones too, without their hashes. */
  async list(limit: number): Promise<KeyListing[]> {
    const { id, tenant, createdAtMs, revokedAtMs, expiresAtMs, scope } = apiKeys;
    return await this.#db
      .select({ id, tenant, createdAtMs, revokedAtMs, expiresAtMs, scope })
      .from(apiKeys)
      .orderBy(desc(createdAtMs), id)
      .limit(limit);
  }
}
