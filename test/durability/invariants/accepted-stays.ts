import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** No accepted result disappears or changes: one join a microtask, of a complete attempt, and the answer is made of it. */
export const acceptedStays: Invariant = ({ log }) => {
  const breaches: string[] = [];
  const joined = new Map<string, string>();
  for (const event of log) {
    if (event.type !== "microtask-joined") continue;
    if (joined.has(event.microtask)) breaches.push(`microtask ${event.microtask} was joined twice`);
    joined.set(event.microtask, event.text);
    const finished = log.find((e) => e.type === "attempt-finished" && e.attempt === event.attempt);
    if (finished === undefined || finished.seq > event.seq)
      breaches.push(`${event.attempt} was accepted before it was complete`);
    else if (finished.type === "attempt-finished" && finished.text !== event.text)
      breaches.push(`${event.attempt} was accepted with another text than it sent`);
  }
  const job = fold(log);
  const ends = log.filter((event) => event.type === "job-ended");
  if (ends.length > 1) breaches.push(`the job ended ${ends.length} times`);
  if (job?.status === "succeeded" && job.assembly?.type === "single") {
    const text = joined.get(job.assembly.of);
    if (text !== undefined && job.answer?.text !== text) breaches.push("the answer is not the accepted text");
  }
  return breaches;
};
