import type { Job, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { continuationOf } from "./continuation.ts";
import type { Run } from "./run.ts";

/** What follows when another attempt's text is to be delivered. `policy` null: no other's was. */
export interface LeaderChanged {
  policy: "restart" | "continue" | "fail" | null;
  /** To be recorded with what follows from it. */
  events: JobEvent[];
}

/**
 * Delivered text came from another attempt: clients are told to drop it, or that the new one goes on from it; never
 * handed a silent splice. Under the policy "fail" that ends the job.
 */
export function leaderChange(run: Run, microtask: MicrotaskState, to: string): LeaderChanged {
  const { leader } = microtask;
  if (leader === null || leader === to) return { policy: null, events: [] };
  const { request } = run.job;
  const shown = microtask.attempts.find((a) => a.id === leader);
  const next = microtask.attempts.find((a) => a.id === to);
  const offset = shown?.text.length ?? 0;
  const goesOn = next?.continues?.attempt === leader && next.continues.chars === offset;
  const asked = request.leaderChange;
  const policy = asked !== "continue" ? asked : goesOn ? asked : (request.leaderChangeElse ?? "restart");
  const changed: JobEvent = {
    type: "leader-changed",
    microtask: microtask.task.id,
    from: leader,
    to,
    policy,
    fromBidder: shown?.bidder ?? "",
    toBidder: next?.bidder ?? "",
    offset,
    ...(asked === policy ? {} : { why: whyNot(run.job, microtask) }),
  };
  return { policy, events: policy === "fail" ? [changed, failedByPolicy(run.job)] : [changed] };
}

function whyNot(job: Job, microtask: MicrotaskState): string {
  const owed = continuationOf(job, microtask);
  return owed !== null && "not" in owed ? owed.not : "it ran beside the delivered text and was not given it";
}

/** The job's end where text was delivered whose author did not finish, and it must not be taken back. */
export function failedByPolicy(job: Job): JobEvent {
  const { leaderChange: asked, leaderChangeElse } = job.request;
  const said =
    asked === "continue" ? `leaderChangeElse is "${leaderChangeElse ?? "restart"}"` : `leaderChange is "fail"`;
  const message = `The bidder whose text was being delivered did not finish; ${said}. Send the request again.`;
  return { type: "job-ended", status: "failed", error: { code: "bidders-failed", message } };
}
