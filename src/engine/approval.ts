import type { Refusal } from "../error.ts";
import { microtaskOf } from "../job/evolve.ts";
import type { Run } from "./run.ts";

/** A microtask that nobody approves fails after this long, ms: a log is not kept forever. */
export const longestApprovalMs = 30 * 86_400_000;

/** A person's word on a microtask that waits for it; null: taken, and the job goes on. */
export function giveApproval(run: Run, id: string, approved: boolean, note: string): Refusal | null {
  const microtask = microtaskOf(run.job, id);
  if (microtask === undefined) {
    const ids = run.job.microtasks.map((m) => m.task.id).join(", ");
    return { code: "not-found", field: "microtask", message: `The job has no such microtask. It has: ${ids}.` };
  }
  const conflict = (message: string): Refusal => ({ code: "conflict", field: "microtask", message });
  if (microtask.task.wait === undefined || !("for" in microtask.task.wait))
    return conflict("This microtask does not wait for an approval.");
  if (microtask.approval !== null)
    return conflict(`This microtask was ${microtask.approval.approved ? "approved" : "refused"} already.`);
  if (run.job.status !== "running")
    return conflict(`The job has ended: ${run.job.status}. Nothing in it waits any more.`);
  if (microtask.status !== "waiting")
    return conflict("This microtask waits for others first. Approve it when it waits.");
  run.record({ type: "approval-given", microtask: id, approved, note });
  run.turn();
  return null;
}
