import { canonicalJson } from "./canonical-json.ts";
import type { JobRequest } from "./job-request.ts";

/**
 * One text for all ways to ask for the same thing: keys sorted, fields that were not set left out, so that neither the
 * order of a body nor a field added by a later version makes a repeat look like another request.
 */
export function canonicalRequest(request: JobRequest): string {
  const given = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
  return canonicalJson(Object.fromEntries(given));
}
