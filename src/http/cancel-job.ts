import { AtomicError } from "../error.ts";
import type { Job } from "../job/job.ts";
import { openJob } from "./open-job.ts";
import type { Caller, HttpPorts } from "./ports.ts";

/** Cancels a job; again is no fault. Throws 404, and 409 for one that ended otherwise: its answer and costs stand. */
export async function cancelJob(
  ports: HttpPorts,
  caller: Caller,
  id: string,
  field = "id",
): Promise<{ status: Job["status"] }> {
  const { status } = await (await openJob(ports, caller, id, field)).cancel("client");
  if (status === "cancelled" || status === "running") return { status };
  throw new AtomicError("conflict", `The job has ended already (${status}): there is nothing left to cancel.`, {
    reason: "ended",
  });
}
