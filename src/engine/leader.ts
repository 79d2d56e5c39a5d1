import type { MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Run } from "./run.ts";

/** Only the text of the microtask that is the answer is delivered while it is written. */
export const isAnswerPart = (run: Run, microtask: MicrotaskState): boolean =>
  run.job.assembly?.type === "single" && run.job.assembly.of === microtask.task.id && run.job.planStage === "work";

/**
 * Delivered text came from another attempt: clients are told to drop it, never handed a silent splice. Under the
 * policy "fail" that ends the job. To be recorded with what follows from it.
 */
export function leaderChange(run: Run, microtask: MicrotaskState, to: string): { goesOn: boolean; events: JobEvent[] } {
  const { leader } = microtask;
  if (leader === null || leader === to) return { goesOn: true, events: [] };
  const policy = run.job.request.leaderChange;
  const changed: JobEvent = { type: "leader-changed", microtask: microtask.task.id, from: leader, to, policy };
  if (policy === "restart") return { goesOn: true, events: [changed] };
  const message =
    'The bidder whose text was being delivered did not finish; leaderChange is "fail". Send the request again.';
  const ended: JobEvent = { type: "job-ended", status: "failed", error: { code: "bidders-failed", message } };
  return { goesOn: false, events: [changed, ended] };
}
