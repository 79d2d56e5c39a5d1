import { AtomicError } from "../error.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { Caller, HttpPorts, Submitted } from "./ports.ts";

/** A job to be made. */
export interface Submission {
  caller: Caller;
  request: JobRequest;
  via: "http" | "queue";
  /** null: nobody can ask for it again. */
  name: string | null;
  waitMs?: number;
}

/**
 * Makes a job that `admission` lets in. Under a name the same request made before is that job, whatever would be refused
 * today: its money is spent, its rules were those of then. Its object is asked only where there is a refusal.
 */
export async function submitJob(
  ports: HttpPorts,
  { caller, request, via, name, waitMs }: Submission,
  admission: () => Promise<void>,
): Promise<Submitted> {
  try {
    await admission();
    return await ports.jobs.create(caller, request, via, name ?? undefined, waitMs);
  } catch (error) {
    const id = await madeBefore(ports, caller, request, name, error);
    if (id === null) throw error;
    return { id, repeated: true, view: null };
  }
}

/** Its own object has spoken. */
const told = new Set(["idempotency-mismatch", "gone"]);

/** The job that this refused request made under its name before; null: none. */
export async function madeBefore(
  ports: HttpPorts,
  caller: Caller,
  request: JobRequest,
  name: string | null,
  refusal: unknown,
): Promise<string | null> {
  if (name === null || !(refusal instanceof AtomicError) || told.has(refusal.code)) return null;
  return await ports.jobs.made(caller, request, name);
}
