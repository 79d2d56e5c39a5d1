import { hex, mac, sameText } from "./mac.ts";
import type { SigningSecrets } from "./signing-secrets.ts";

/** 64 bits: guessing one takes 10^19 requests, and each object's id is unguessable besides. */
const macChars = 16;
const form = /^job_([0-9a-f]{64}|f[0-9a-f]{2}-[0-9a-f]{32})_([0-9a-f]{16})$/;

/**
 * `job_<place>_<MAC>`; the place is the id of the job's own object, or one of the fast lane. The MAC binds the tenant, so
 * that a forged id, and another tenant's, is refused without waking an object; the object checks its tenant again.
 */
export async function mintJobId(secret: string, tenant: string, place: string): Promise<string> {
  return `job_${place}_${await sign(secret, tenant, place)}`;
}

/** The place, or null for what `mintJobId` did not make for this tenant, with the secret of now or of before. */
export async function verifyJobId(
  { current, previous }: SigningSecrets,
  tenant: string,
  id: string,
): Promise<string | null> {
  const [, place, claimed] = form.exec(id) ?? [];
  if (place === undefined || claimed === undefined) return null;
  const isCurrent = sameText(await sign(current, tenant, place), claimed);
  // Always asked: how long a refusal takes tells nothing of either.
  const isPrevious = previous !== null && sameText(await sign(previous, tenant, place), claimed);
  return isCurrent || isPrevious ? place : null;
}

const sign = async (secret: string, tenant: string, place: string): Promise<string> =>
  hex(await mac(secret, "atomic/job-id/1", `${tenant}\n${place}`)).slice(0, macChars);
