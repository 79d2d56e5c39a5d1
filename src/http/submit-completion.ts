import type { Context } from "hono";
import type { JobRequest } from "../plan/job-request.ts";
import { admitModel } from "./admit-model.ts";
import type { AppEnv } from "./app-env.ts";
import type { Places } from "./client-field.ts";
import { idempotencyName } from "./idempotency-key.ts";
import type { HttpPorts, JobHandle } from "./ports.ts";
import { keyOrReuse, refuseReuse } from "./refuse-reuse.ts";
import { requireWait } from "./require-wait.ts";
import { submitJob } from "./submit-job.ts";

/** A job to be made behind a foreign door. */
export interface AskedCompletion {
  /** As the client calls it. */
  model: string;
  request: JobRequest;
  places: Places;
  /** Absent: its client waits. Else what to do to wait, where a job can only be waited for. */
  goesOn?: string | undefined;
}

/** Makes it, and says in headers which job it is. */
export async function submitCompletion(
  c: Context<AppEnv>,
  ports: HttpPorts,
  { model, request, places, goesOn }: AskedCompletion,
): Promise<{ id: string; reused: true | undefined; open: () => Promise<JobHandle | null> }> {
  const name = idempotencyName(c.req.header("idempotency-key"));
  const caller = c.get("caller");
  const { id, repeated, reused } = await submitJob(ports, { caller, request, via: "http", name }, async () => {
    await admitModel(model, request, ports, caller.tenant, places);
    requireWait(request, { waits: goesOn === undefined, named: name !== null }, "atomic.lane", goesOn ?? "");
    if (name !== null) refuseReuse(request, "atomic.reuse_ms", keyOrReuse);
  });
  c.header("atomic-job-id", id);
  if (repeated) c.header("idempotent-replayed", "true");
  if (reused) c.header("atomic-reused", "true");
  return { id, reused, open: () => ports.jobs.open(caller, id) };
}
