import type { JobObject } from "../../durable-objects/job.ts";
import type { Created, NewJob } from "../../durable-objects/new-job.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError, type Refusal } from "../error.ts";
import { linksOf } from "../http/native/links.ts";
import type { JobHandle } from "../http/ports.ts";

/**
 * One call makes the job and, where `waitMs` says so, waits for its end. When that call breaks with the object, which may
 * or may not have the job by then, a second one makes sure of it without waiting; `again` says so.
 */
export async function createJob(
  object: () => JobRpc,
  job: NewJob,
  waitMs: number,
): Promise<Created & { again: boolean }> {
  if (waitMs > 0)
    try {
      return { ...(await object().create(job, waitMs)), again: false };
    } catch {
      return { ...(await object().create(job)), again: true };
    }
  return { ...(await object().create(job)), again: false };
}

export type JobRpc = Pick<
  JobObject,
  | "create"
  | "holds"
  | "reusable"
  | "unmade"
  | "view"
  | "ended"
  | "events"
  | "explain"
  | "cancel"
  | "erase"
  | "feedback"
  | "ledger"
  | "reconcile"
  | "approve"
  | "summary"
>;

/** A job's object over RPC. It checks the tenant again; what it does not know is gone. */
export function openHandle(env: AtomicEnv, objectId: string, tenant: string, id: string): JobHandle {
  // The platform types of RPC turn `unknown` into never; the object's own types are the truth.
  const job = () => env.JOB.get(env.JOB.idFromString(objectId)) as unknown as JobRpc;
  const missing = new AtomicError("not-found", "There is no such job.");
  const gone = async (): Promise<never> => {
    if ((await job().summary(tenant)) === null) throw missing;
    throw new AtomicError(
      "gone",
      `The job's retention has ended, or it was deleted. Its summary is at ${linksOf(id).summary}.`,
      {
        field: "id",
      },
    );
  };
  const known = async <T>(asked: Promise<T | null>): Promise<T> => (await asked) ?? (await gone());
  const taken = async (said: Promise<Refusal | null>): Promise<Refusal | null> => {
    const refusal = await said;
    // Of a job that is there what was not found is named.
    return refusal?.code === "not-found" && refusal.field === undefined ? await gone() : refusal;
  };
  return {
    ledger: () => known(job().ledger(tenant)),
    approve: (microtask, approved, note) => taken(job().approve(tenant, microtask, approved, note)),
    reconcile: (attempt, usage) => taken(job().reconcile(tenant, attempt, usage)),
    view: () => known(job().view(tenant)),
    async ended(waitMs) {
      const said = await known(job().ended(tenant, waitMs));
      return said === "running" ? null : said;
    },
    events: (after) => known(job().events(tenant, after)),
    explain: () => known(job().explain(tenant)),
    cancel: (by) => known(job().cancel(tenant, by)),
    erase: async () => await job().erase(tenant),
    feedback: (feedback) => taken(job().feedback(tenant, feedback)),
    async summary() {
      const summary = await job().summary(tenant);
      if (summary === null) throw missing;
      return summary;
    },
  };
}
