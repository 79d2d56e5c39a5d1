import type { Job } from "../job/job.ts";
import type { ModelCall } from "../race/model-port.ts";
import type { AttemptRole } from "../race/race-event.ts";

/**
 * What a call says of its provider's cache. A conversation that has had an answer is sent again, longer, with its next
 * turn; what judges and planners are sent is Atomic's own. Absent: it stands alone.
 */
export function cacheUse({ request, planSource }: Job, role: AttemptRole): ModelCall["promptCache"] {
  const { promptCache, noRetention, input } = request;
  if (promptCache === false || noRetention) return "never";
  if (role === "judge" || role === "fusion" || planSource !== "single") return undefined;
  if (promptCache) return "asked";
  const goesOn =
    input.type === "messages" && input.messages.some(({ role }) => role === "assistant" || role === "tool");
  return goesOn ? "conversation" : undefined;
}
