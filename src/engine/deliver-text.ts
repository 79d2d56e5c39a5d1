import { microtaskOf } from "../job/evolve.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { isAnswerPart } from "./answer-part.ts";
import { leaderChange } from "./leader.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import type { Run } from "./run.ts";

/** Delivered text is written in batches: at the first token, then this often, ms. Each batch is a row. */
const flushMs = { watched: 100, alone: 500 };

/** In live delivery the leader's text goes to the log, and so to clients, in batches. */
export function deliverText(run: Run, attempt: Attempt, live: LiveAttempt): void {
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask === undefined || !isDelivered(run, microtask, attempt)) return;
  const { leader, committed } = microtask;
  if (leader === null && committed !== null && committed !== attempt.id) return;
  if (leader !== null && leader !== attempt.id) {
    const shown = microtask.attempts.find((a) => a.id === leader);
    const stands = shown?.status === "running" && run.live.get(shown.id)?.asked === null;
    if (committed !== attempt.id && stands) return;
    const { policy, events } = leaderChange(run, microtask, attempt.id);
    if (policy === "fail") {
      run.record(...events);
      // The job is over: who still runs is cut, and no further token of anybody may come to say so.
      return run.turn();
    }
    // What it was given is void with the rest: its text is delivered from the start.
    if (policy === "restart") live.logged = 0;
    run.record(...events, ...textDue(attempt, live));
    return;
  }
  if (live.logged === (attempt.continues?.chars ?? 0)) flushText(run, attempt, live);
  else
    live.flush ??= run.ports.after(run.ports.watched() ? flushMs.watched : flushMs.alone, () => {
      live.flush = null;
      flushText(run, attempt, live);
    });
}

/** What of its text is not in the log yet goes there now, if it leads. */
export function flushText(run: Run, attempt: Attempt, live: LiveAttempt): void {
  live.flush?.();
  live.flush = null;
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask === undefined || live.text.length === live.logged || !isDelivered(run, microtask, attempt)) return;
  if ((microtask.leader ?? attempt.id) !== attempt.id) return;
  run.record(...textDue(attempt, live));
}

/** The event of that text. */
function textDue(attempt: Attempt, live: LiveAttempt): JobEvent[] {
  const offset = live.logged;
  const text = live.text.slice(offset);
  live.logged = live.text.length;
  return [{ type: "text-streamed", microtask: attempt.microtask, attempt: attempt.id, offset, text }];
}

const isDelivered = (run: Run, microtask: MicrotaskState, attempt: Attempt): boolean =>
  run.job.status === "running" &&
  run.job.request.delivery === "live" &&
  attempt.role !== "judge" &&
  attempt.role !== "audit" &&
  isAnswerPart(run.job, microtask);
