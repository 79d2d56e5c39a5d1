import type { Refusal } from "../src/error.ts";
import type { Job } from "../src/job/job.ts";

/** Why a job's log has to stay for now. */
export const mayNotErase = (job: Pick<Job, "status">): Refusal =>
  job.status === "running"
    ? { code: "conflict", message: "The job still runs. Cancel it, and delete it when it has ended." }
    : {
        code: "conflict",
        reason: "settling",
        message:
          "The job has ended, and its tenant, the market or a webhook's receiver is still to be told of it for the first time. Try again in a moment.",
      };
