import { AtomicError } from "../error.ts";
import type { JobRequest } from "../plan/job-request.ts";

/** Throws where a job has a name of its own, so that it can be no other. `field`: where `reuseMs` stands in the client's body. */
export function refuseReuse({ reuseMs }: JobRequest, field: string, message: string): void {
  if (reuseMs !== undefined) throw new AtomicError("invalid-request", message, { field });
}

export const keyOrReuse = "An idempotency key names one job of its own, reuse finds any. Leave one of them out.";
