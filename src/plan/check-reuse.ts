import type { Refusal } from "../error.ts";
import type { JobRequest } from "./job-request.ts";

/** Why the answer to a request cannot be that of another job; null: it can, or need not. */
export function checkReuse({ reuseMs, lane, webhook, cancelOnDisconnect, plan }: JobRequest): Refusal | null {
  if (reuseMs === undefined) return null;
  if (lane !== undefined) return refuse("a job of the fast lane ends with its Worker, where no other request finds it");
  if (webhook !== undefined) return refuse("a webhook tells of a job's end once, not each time its answer is given");
  if (cancelOnDisconnect) return refuse("a client that leaves would cancel what others wait for");
  if (typeof plan === "object" && plan.microtasks.some((task) => task.wait !== undefined))
    return refuse("a plan that waits is for one occasion; what was approved or due then is not now");
  return null;
}

const refuse = (why: string): Refusal => ({
  code: "invalid-request",
  field: "reuseMs",
  message: `${why}; leave one of them out`,
});
