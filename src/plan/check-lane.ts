import type { Refusal } from "../error.ts";
import type { JobRequest } from "./job-request.ts";

/** A job of the fast lane has so long at most, ms: its Worker answers one request, and its slice of money comes back if that dies. */
export const fastLaneMs = 120_000;

/** Why a request cannot run in the Worker that took it; null: it can, or did not ask for it. */
export function checkLane({ lane, plan, webhook, deadlineMs }: JobRequest): Refusal | null {
  if (lane === undefined) return null;
  if (plan !== "single")
    return refuse("a job of several microtasks needs the durable lane; leave the lane out, or the plan");
  if (webhook !== undefined) return refuse("a webhook needs the durable lane; leave one of them out");
  if (deadlineMs !== null && deadlineMs > fastLaneMs)
    return refuse(`a job of the fast lane has ${fastLaneMs} ms at most; lower deadlineMs or leave the lane out`);
  return null;
}

const refuse = (message: string): Refusal => ({ code: "invalid-request", field: "lane", message });
