import { createHash } from "node:crypto";
import { linkText, noLink, type Seal, type SealPlace } from "../src/job/seal.ts";

/** The place after `head`, null: the first. Synchronous, so that two jobs never have the same. */
export function nextPlace(head: SealPlace | null, tenant: string, job: string, seal: Seal): SealPlace {
  const text = linkText(head?.link ?? noLink, tenant, job, seal);
  return { n: (head?.n ?? 0) + 1, link: createHash("sha256").update(text).digest("hex") };
}
