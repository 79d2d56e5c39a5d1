import type { LoggedEvent } from "../../../src/job/job-event.ts";
import type { Invariant } from "../evidence.ts";

/** What must be in the log before a call may be cut for this reason. */
const reasons: Record<string, (event: LoggedEvent) => boolean> = {
  "committed-other": (e) => e.type === "attempt-committed" || e.type === "microtask-joined",
  "rejected-on-prefix": (e) => e.type === "verdict-reached",
  "decided without it": (e) => e.type === "microtask-joined",
  "microtask-failed": (e) => e.type === "microtask-failed",
};

/** A loser is cut only after the log has what it lost by: a crash in between must not leave nobody running. */
export const cutsHaveReasons: Invariant = ({ log, calls }) => {
  const breaches: string[] = [];
  const microtaskOf = new Map<string, string>();
  for (const event of log) if (event.type === "attempt-started") microtaskOf.set(event.attempt, event.microtask);
  for (const { attempt, bidder, cut } of calls) {
    if (cut === null || attempt === null) continue;
    const before = log.filter((event) => event.seq <= cut.logAt);
    const mine = before.filter((event) => "microtask" in event && event.microtask === microtaskOf.get(attempt));
    const needed = reasons[cut.why];
    const isThere = cut.why.startsWith("job ")
      ? before.some((event) => event.type === "job-ended")
      : needed === undefined || mine.some(needed);
    if (!isThere) breaches.push(`${bidder} was cut (${cut.why}) before the log knew why`);
  }
  return breaches;
};
