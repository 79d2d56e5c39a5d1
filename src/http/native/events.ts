import type { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { Disconnect } from "../disconnect.ts";
import { frameOf } from "../event-frame.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts, JobHandle } from "../ports.ts";
import { readLines } from "../read-events.ts";

/**
 * `GET /v1/jobs/{id}/events`: the job's log as server-sent events. `id` is the event's number, so a browser that
 * lost the connection goes on where it was; 204 tells it that there is no more to come.
 */
export function eventsRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/jobs/:id/events", async (c) => {
    const job = await openJob(ports, c.get("caller"), c.req.param("id"));
    const resumed = await resumeFrom(job, c.req.header("last-event-id"), c.req.query("after"));
    if (resumed === null) return c.body(null, 204);
    const { after, retryMs } = resumed;
    const gone = new Disconnect(c, async () => job, false);
    const batches = readLines(await job.events(after), gone.signal);
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => gone.left());
      try {
        await stream.write(`retry: ${retryMs}\n\n`);
        let silent = true;
        for await (const batch of batches) {
          silent &&= batch.every((line) => line.trim() === "");
          await stream.write(batch.map(frameOf).join(""));
        }
        // Where to go on for a reader that got no event: an id without data is remembered and not dispatched.
        if (silent) await stream.write(`id: ${after}\n\n`);
      } catch {
        // The object was restarted: the connection ends, and the client comes back with its last event's number.
      } finally {
        gone.end();
      }
    });
  });
}

/** A browser comes back after this, ms; later when only an audit or the settlement of an ended job is still to come. */
const soonMs = 2_000;
const laterMs = 15_000;

/** The number of the last event the client has; null when nothing can come after it. */
async function resumeFrom(
  job: JobHandle,
  header: string | undefined,
  query: string | undefined,
): Promise<{ after: number; retryMs: number } | null> {
  // An empty header says that its client has no event's number; then the query holds.
  const given = header || query;
  if (given === undefined || given === "") return { after: 0, retryMs: soonMs };
  const field = given === header ? "Last-Event-ID" : "after";
  if (!/^\d{1,15}$/.test(given))
    throw new AtomicError("invalid-request", `"${field}" must be the number of an event. Leave it out to start over.`, {
      field,
    });
  const after = Number(given);
  if (after === 0) return { after, retryMs: soonMs };
  const { seq, status, settled } = await job.view();
  if (after > seq)
    throw new AtomicError(
      "invalid-request",
      `"${field}" is ${after}, but the job has ${seq} events so far. Leave it out to start over.`,
      { field },
    );
  const ended = after === seq && status !== "running";
  if (ended && settled) return null;
  return { after, retryMs: ended ? laterMs : soonMs };
}
