import { type KeyRow, makeKey, splitKey } from "./key.ts";
import { sameText, sha256Hex } from "./mac.ts";
import { readSession, type Session, writeSession } from "./session.ts";

/** Where keys are kept. `get` may be as old as a cache is (10 s): that long a revoked key still works. */
export interface KeyStore {
  get(id: string): Promise<KeyRow | null>;
  put(row: KeyRow): Promise<void>;
  /** false: there is no such key, or it was revoked before. */
  revoke(id: string, nowMs: number): Promise<boolean>;
  /** Newest first. */
  list(limit: number): Promise<KeyListing[]>;
}

/** A key as lists show it. */
export type KeyListing = Omit<KeyRow, "secretHash">;

export interface AccessOptions {
  /** ATOMIC_API_KEY; null or empty: none is set. */
  operatorKey: string | null;
  /** ATOMIC_LOCAL: a development server, which is open as long as no operator's key is set. */
  local: boolean;
  keys: KeyStore;
  nowMs: () => number;
  random: (bytes: number) => Uint8Array;
}

type Holder = Omit<Session, "expiresAtMs">;

const sessionMs = 7 * 24 * 60 * 60 * 1000;
const operator: Holder = { tenant: "operator", role: "operator", keyId: "operator" };
const localCaller: Holder = { tenant: "local", role: "operator", keyId: "local" };

/** Signs where there is no operator's key: on a development server only, so it need not be secret. */
const localSecret = "atomic-local-development";
/** What signs job ids and webhooks. Sessions are signed with the operator's key alone: changing it ends them. */
export const signingSecret = (operatorKey: string | null, own: string | null = null): string =>
  own || operatorKey || localSecret;

/** Who holds a key or a session. Fits the `access` port of the HTTP layer. */
export function createAccess(options: AccessOptions) {
  const { operatorKey, local, keys, nowMs } = options;
  const configured = operatorKey !== null && operatorKey !== "";
  const secret = signingSecret(operatorKey);

  async function holderOf(key: string): Promise<Holder | null> {
    // Hashes of both sides have one length, so the comparison tells nothing of the key's.
    if (configured && sameText(await sha256Hex(key), await sha256Hex(operatorKey))) return operator;
    const parts = splitKey(key);
    if (parts === null) return null;
    const row = await keys.get(parts.id);
    const matches = sameText(await sha256Hex(parts.secret), row?.secretHash ?? "");
    return matches && row !== null && row.revokedAtMs === null
      ? { tenant: row.tenant, role: "tenant", keyId: row.id }
      : null;
  }

  return {
    /** null: nobody. "unset": production without an operator's key, where nothing is open. */
    async authenticate(key: string | null): Promise<Holder | null | "unset"> {
      if (!configured && !local) return "unset";
      if (configured) return key === null ? null : holderOf(key);
      // Development without a key: whatever an SDK was made to send will do, but a tenant's key means that tenant.
      return key !== null && splitKey(key) !== null ? holderOf(key) : localCaller;
    },

    async signIn(key: string): Promise<string | null> {
      const holder = configured ? await holderOf(key) : null;
      return holder === null ? null : writeSession(secret, { ...holder, expiresAtMs: nowMs() + sessionMs });
    },

    async readSession(token: string): Promise<Holder | null> {
      const session = configured ? await readSession(secret, token, nowMs()) : null;
      if (session === null) return null;
      const { expiresAtMs: _, ...holder } = session;
      if (holder.role === "operator") return holder;
      const row = await keys.get(holder.keyId);
      return row === null || row.revokedAtMs !== null ? null : holder;
    },

    async createKey(tenant: string): Promise<{ id: string; key: string }> {
      const { key, row } = await makeKey(tenant, nowMs(), options.random);
      await keys.put(row);
      return { id: row.id, key };
    },

    listKeys: (limit: number): Promise<KeyListing[]> => keys.list(limit),

    revokeKey: (id: string): Promise<boolean> => keys.revoke(id, nowMs()),
  };
}
