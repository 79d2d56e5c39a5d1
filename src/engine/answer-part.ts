import type { Job, MicrotaskState } from "../job/job.ts";

/** Only the text of the microtask that is the answer is delivered while it is written. */
export const isAnswerPart = (job: Job, microtask: MicrotaskState): boolean =>
  job.assembly?.type === "single" && job.assembly.of === microtask.task.id && job.planStage === "work";
