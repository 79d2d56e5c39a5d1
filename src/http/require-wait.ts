import { AtomicError } from "../error.ts";
import type { JobRequest } from "../plan/job-request.ts";

/**
 * A job of the fast lane lives as long as the request that made it, and nobody can repeat it by its name. Throws for a
 * request that would go on without it. `field`: where the lane stands in the client's body.
 */
export function requireWait(
  { lane }: JobRequest,
  { waits, named }: { waits: boolean; named: boolean },
  field: string,
  how: string,
): void {
  if (lane === undefined) return;
  if (named)
    throw new AtomicError("invalid-request", "An idempotency key needs the durable lane. Leave one of them out.", {
      field,
    });
  if (!waits)
    throw new AtomicError(
      "invalid-request",
      `The fast lane is for answers that are waited for: ${how}, or leave the lane out.`,
      {
        field,
      },
    );
}
