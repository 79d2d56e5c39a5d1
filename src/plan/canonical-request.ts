import type { JobRequest } from "./job-request.ts";

/**
 * One text for all ways to ask for the same thing: keys sorted, fields that were not set left out, so that neither the
 * order of a body nor a field added by a later version makes a repeat look like another request.
 */
export function canonicalRequest(request: JobRequest): string {
  const given = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
  return sorted(Object.fromEntries(given));
}

/** JSON with the keys of every object in code-unit order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
