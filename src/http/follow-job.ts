import { AtomicError } from "../error.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import type { JobHandle } from "./ports.ts";
import { readEvents } from "./read-events.ts";

/** Broken streams in a row, without one event between them, before a follower gives up: about 12 s. */
export const maxBreaks = 8;

/**
 * Follows a job to its `job-ended`, over restarts of its object: a stream that breaks or closes early is opened again
 * behind the last event seen. Yields null for heartbeats. Ends early when the signal is aborted.
 */
export async function* followJob(
  open: () => Promise<JobHandle | null>,
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent | null, void> {
  let seq = 0;
  for (let breaks = 0; !signal.aborted; ) {
    try {
      const handle = await open();
      if (handle === null) throw new AtomicError("gone", "The job is no longer there. Its retention has ended.");
      for await (const event of readEvents(await handle.events(seq), signal)) {
        // A heartbeat too is a sign of life: a job that waits for days breaks off its streams every minute.
        breaks = 0;
        if (event !== null) {
          if (event.seq <= seq) continue;
          seq = event.seq;
        }
        yield event;
        if (event?.type === "job-ended") return;
      }
    } catch (error) {
      if (error instanceof AtomicError) throw error;
    }
    if (++breaks > maxBreaks)
      throw new AtomicError("internal", "The job's events cannot be read now. It goes on: ask for it again by its id.");
    await pause(Math.min(2000, 50 * 2 ** breaks), signal);
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
