import { AtomicError } from "../error.ts";
import type { Caller, HttpPorts, JobHandle } from "./ports.ts";

/** The caller's job, or 404: the same for one that never was, a forged id and another tenant's. */
export async function openJob(ports: HttpPorts, caller: Caller, id: string, field = "id"): Promise<JobHandle> {
  const handle = id.length > 200 ? null : await ports.jobs.open(caller, id);
  if (handle === null) throw new AtomicError("not-found", "There is no such job. GET /v1/jobs lists yours.", { field });
  return handle;
}
