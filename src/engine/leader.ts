import type { MicrotaskState } from "../job/job.ts";
import type { Run } from "./run.ts";

/** Only the text of the microtask that is the answer is delivered while it is written. */
export const isAnswerPart = (run: Run, microtask: MicrotaskState): boolean =>
  run.job.assembly?.type === "single" && run.job.assembly.of === microtask.task.id && run.job.planStage === "work";

/**
 * Delivered text came from another attempt: clients are told to drop it, never handed a silent splice. Under the
 * policy "fail" that ends the job. Returns whether the new leader may go on.
 */
export function changeLeader(run: Run, microtask: MicrotaskState, to: string): boolean {
  const { leader } = microtask;
  if (leader === null || leader === to) return true;
  const policy = run.job.request.leaderChange;
  run.record({ type: "leader-changed", microtask: microtask.task.id, from: leader, to, policy });
  if (policy === "restart") return true;
  const message =
    'The bidder whose text was being delivered did not finish; leaderChange is "fail". Send the request again.';
  run.record({ type: "job-ended", status: "failed", error: { code: "bidders-failed", message } });
  return false;
}
