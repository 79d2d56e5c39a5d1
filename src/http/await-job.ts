import { AtomicError } from "../error.ts";
import type { JobView } from "../job/job-view.ts";
import { maxBreaks, pause } from "./follow-job.ts";
import type { JobHandle } from "./ports.ts";

/** One call waits so long at most, ms: a client that left keeps its job's object from sleeping no longer than this. */
export const longestCallMs = 20_000;

/**
 * The job's view when it has ended, over restarts of its object: one call where following its events would be a
 * stream of all of them and a call for the view. null: the signal was aborted first.
 */
export async function awaitJob(open: () => Promise<JobHandle | null>, signal: AbortSignal): Promise<JobView | null> {
  const left = new Promise<"left">((resolve) => {
    signal.addEventListener("abort", () => resolve("left"), { once: true });
  });
  for (let breaks = 0; !signal.aborted; ) {
    try {
      const handle = await open();
      if (handle === null) throw new AtomicError("gone", "The job is no longer there. Its retention has ended.");
      const said = await Promise.race([handle.ended(longestCallMs), left]);
      if (said === "left") return null;
      if (said !== null) return said;
      breaks = 0;
      continue;
    } catch (error) {
      if (error instanceof AtomicError) throw error;
    }
    if (++breaks > maxBreaks)
      throw new AtomicError("internal", "The job cannot be read now. It goes on: ask for it again by its id.");
    await pause(Math.min(2000, 50 * 2 ** breaks), signal);
  }
  return null;
}
