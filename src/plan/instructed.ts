import type { JobInput, JobRequest } from "./job-request.ts";
import type { Microtask, Plan } from "./microtask.ts";

/** Does the caller say in words how a microtask is to be done, beyond what its kind says? Rules follow no words. */
export function isInstructed(
  source: Plan["source"] | null,
  request: Pick<JobRequest, "instruction" | "input">,
  task: Pick<Microtask, "instruction">,
): boolean {
  switch (source) {
    case "single":
      return request.instruction !== "" || isConversation(request.input);
    case "caller":
    case "planner":
      return task.instruction !== "" || isConversation(request.input);
    case "map-reduce":
      return request.instruction !== "" && task.instruction.includes(request.instruction);
    default:
      return false;
  }
}

/** More than one text to be worked on: turns before it, or a system message. */
const isConversation = (input: JobInput): boolean => input.type === "messages" && input.messages.length > 1;
