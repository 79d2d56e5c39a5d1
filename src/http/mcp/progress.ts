import type { ServerContext } from "@modelcontextprotocol/server";
import type { LoggedEvent } from "../../job/job-event.ts";

/** Tells a client that asked for it how far its job is. Texts of models are not told: they may still be rejected. */
export function progressOf({ _meta, notify }: ServerContext["mcpReq"]): (event: LoggedEvent) => Promise<void> {
  const token = _meta?.progressToken;
  if (token === undefined) return async () => {};
  return async (event) => {
    const message = sentence(event);
    if (message === null) return;
    await notify({ method: "notifications/progress", params: { progressToken: token, progress: event.seq, message } });
  };
}

function sentence(event: LoggedEvent): string | null {
  switch (event.type) {
    case "job-accepted":
      return `${event.job} accepted`;
    case "microtasks-planned":
      return `planned: ${event.plan.microtasks.map((m) => m.id).join(", ")}`;
    case "award-made":
      return `${event.microtask}: ${event.decision.award.map((place) => `${place.bidder} (${place.role})`).join(", ")}`;
    case "attempt-started":
      return `${event.bidder} started (${event.role})`;
    case "attempt-cancelled":
      return `${event.attempt} cut: ${event.why}`;
    case "attempt-failed":
      return `${event.attempt} failed: ${event.reason}`;
    case "microtask-joined":
      return `${event.microtask} accepted`;
    default:
      return null;
  }
}
