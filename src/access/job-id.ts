import { hex, mac, sameText } from "./mac.ts";

/** 64 bits: guessing one takes 10^19 requests, and each object's id is unguessable besides. */
const macChars = 16;
const form = /^job_([0-9a-f]{64})_([0-9a-f]{16})$/;

/**
 * `job_<object id>_<MAC>`. The MAC binds the tenant, so that a forged id, and another tenant's, is refused without
 * waking an object; the object checks its tenant again.
 */
export async function mintJobId(secret: string, tenant: string, objectId: string): Promise<string> {
  return `job_${objectId}_${await sign(secret, tenant, objectId)}`;
}

/** The object id, or null for what `mintJobId` did not make for this tenant. */
export async function verifyJobId(secret: string, tenant: string, id: string): Promise<string | null> {
  const [, objectId, claimed] = form.exec(id) ?? [];
  if (objectId === undefined || claimed === undefined) return null;
  return sameText(await sign(secret, tenant, objectId), claimed) ? objectId : null;
}

const sign = async (secret: string, tenant: string, objectId: string): Promise<string> =>
  hex(await mac(secret, "atomic/job-id/1", `${tenant}\n${objectId}`)).slice(0, macChars);
