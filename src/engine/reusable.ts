import type { Job } from "../job/job.ts";
import { labelIn } from "./label.ts";

/** May this job's answer be given for the same request again? It is there or under way, and nobody said that it is wrong. */
export function isReusable(job: Job): boolean {
  if (job.status !== "succeeded") return job.status === "running" && !job.cancelRequested;
  return !job.feedback.some(({ microtask, label, good }) => {
    if (good !== null || label === null) return good === false;
    const said = job.microtasks.find((m) => m.task.id === microtask);
    if (said === undefined || said.joined === null) return false;
    return labelIn(said.joined.text, said.task) !== (labelIn(label, said.task) ?? label.toLowerCase());
  });
}
