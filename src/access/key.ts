import { base64url, hex, sha256Hex } from "./mac.ts";

/** `all`: whatever its tenant may do. `read`: it looks, and changes nothing. */
export const keyScopes = ["all", "read"] as const;
export type KeyScope = (typeof keyScopes)[number];

/** How long a key is to work, and for what. */
export interface KeyTerms {
  /** null: until it is revoked. */
  days: number | null;
  scope: KeyScope;
}

/** One key of a tenant, as stored: the secret itself is shown once and kept nowhere. */
export interface KeyRow {
  id: string;
  tenant: string;
  /** Hex SHA-256 of the secret. Its 256 random bits need no slow hash. */
  secretHash: string;
  createdAtMs: number;
  revokedAtMs: number | null;
  /** From then on it is nobody's, epoch ms; null: it works until it is revoked. */
  expiresAtMs: number | null;
  scope: KeyScope;
}

const dayMs = 24 * 60 * 60 * 1000;

const form = /^atm_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** `atm_<id>_<secret>` and its row. `random` fills bytes from the platform's secure generator. */
export async function makeKey(
  tenant: string,
  { days, scope }: KeyTerms,
  nowMs: number,
  random: (bytes: number) => Uint8Array,
): Promise<{ key: string; row: KeyRow }> {
  const id = hex(random(8));
  const secret = base64url(random(32));
  const row: KeyRow = {
    id,
    tenant,
    secretHash: await sha256Hex(secret),
    createdAtMs: nowMs,
    revokedAtMs: null,
    expiresAtMs: days === null ? null : nowMs + days * dayMs,
    scope,
  };
  return { key: `atm_${id}_${secret}`, row };
}

/** Whether a key still opens anything: asked of the row at each use, however long the row is remembered. */
export const isInForce = (row: KeyRow, nowMs: number): boolean =>
  row.revokedAtMs === null && (row.expiresAtMs === null || nowMs < row.expiresAtMs);

/** The two parts of a tenant's key, or null when it is not one. */
export function splitKey(key: string): { id: string; secret: string } | null {
  const [, id, secret] = form.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}
