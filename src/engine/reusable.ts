import type { Job } from "../job/job.ts";
import { labelIn } from "./label.ts";

/**
 * May this job's answer be given for the same request again? It is there, and nobody said that it is wrong; or it is under
 * way and has half of its time left at least, for who asks now has all of it.
 */
export function isReusable(job: Job, nowMs: number): boolean {
  if (job.status !== "succeeded") return job.status === "running" && !job.cancelRequested && !isLate(job, nowMs);
  return !job.feedback.some(({ microtask, label, good }) => {
    if (good !== null || label === null) return good === false;
    const said = job.microtasks.find((m) => m.task.id === microtask);
    if (said === undefined || said.joined === null) return false;
    return labelIn(said.joined.text, said.task) !== (labelIn(label, said.task) ?? label.toLowerCase());
  });
}

const isLate = ({ request: { deadlineMs }, acceptedAtMs }: Job, nowMs: number): boolean =>
  deadlineMs !== null && nowMs - acceptedAtMs > deadlineMs / 2;
