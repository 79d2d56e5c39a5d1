import { base64url, hex, sha256Hex } from "./mac.ts";

/** One key of a tenant, as stored: the secret itself is shown once and kept nowhere. */
export interface KeyRow {
  id: string;
  tenant: string;
  /** Hex SHA-256 of the secret. Its 256 random bits need no slow hash. */
  secretHash: string;
  createdAtMs: number;
  revokedAtMs: number | null;
}

const form = /^atm_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** `atm_<id>_<secret>` and its row. `random` fills bytes from the platform's secure generator. */
export async function makeKey(
  tenant: string,
  nowMs: number,
  random: (bytes: number) => Uint8Array,
): Promise<{ key: string; row: KeyRow }> {
  const id = hex(random(8));
  const secret = base64url(random(32));
  const row: KeyRow = { id, tenant, secretHash: await sha256Hex(secret), createdAtMs: nowMs, revokedAtMs: null };
  return { key: `atm_${id}_${secret}`, row };
}

/** The two parts of a tenant's key, or null when it is not one. */
export function splitKey(key: string): { id: string; secret: string } | null {
  const [, id, secret] = form.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}
