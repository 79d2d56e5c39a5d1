import { isInForce, type KeyRow, type KeyScope, type KeyTerms, makeKey, splitKey } from "./key.ts";
import { sameText, sha256Hex } from "./mac.ts";
import { readSession, type Session, writeSession } from "./session.ts";
import { signingSecret } from "./signing-secrets.ts";

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

/** `scope` is of the key as it is now, and in no cookie. */
type Holder = Omit<Session, "expiresAtMs"> & { scope: KeyScope };

const sessionMs = 7 * 24 * 60 * 60 * 1000;
const operator: Holder = { tenant: "operator", role: "operator", keyId: "operator", scope: "all" };
const localCaller: Holder = { tenant: "local", role: "operator", keyId: "local", scope: "all" };

const foreverAndAll: KeyTerms = { days: null, scope: "all" };

/** Who holds a key or a session. Fits the `access` port of the HTTP layer. */
export function createAccess(options: AccessOptions) {
  const { operatorKey, local, keys, nowMs } = options;
  const configured = operatorKey !== null && operatorKey !== "";
  const secret = signingSecret(operatorKey);

  const holderOfRow = (row: KeyRow): Holder | null =>
    isInForce(row, nowMs()) ? { tenant: row.tenant, role: "tenant", keyId: row.id, scope: row.scope } : null;

  async function holderOf(key: string): Promise<Holder | null> {
    // Hashes of both sides have one length, so the comparison tells nothing of the key's.
    if (configured && sameText(await sha256Hex(key), await sha256Hex(operatorKey))) return operator;
    const parts = splitKey(key);
    if (parts === null) return null;
    const row = await keys.get(parts.id);
    const matches = sameText(await sha256Hex(parts.secret), row?.secretHash ?? "");
    return matches && row !== null ? holderOfRow(row) : null;
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
      if (holder === null) return null;
      const { tenant, role, keyId } = holder;
      return writeSession(secret, { tenant, role, keyId, expiresAtMs: nowMs() + sessionMs });
    },

    async readSession(token: string): Promise<Holder | null> {
      const session = configured ? await readSession(secret, token, nowMs()) : null;
      if (session === null) return null;
      if (session.role === "operator") return operator;
      const row = await keys.get(session.keyId);
      return row === null ? null : holderOfRow(row);
    },

    async createKey(tenant: string, terms = foreverAndAll): Promise<{ key: string } & KeyListing> {
      const { key, row } = await makeKey(tenant, terms, nowMs(), options.random);
      await keys.put(row);
      const { secretHash: _, ...listing } = row;
      return { key, ...listing };
    },

    listKeys: (limit: number): Promise<KeyListing[]> => keys.list(limit),

    revokeKey: (id: string): Promise<boolean> => keys.revoke(id, nowMs()),
  };
}
