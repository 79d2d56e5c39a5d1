import type { Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { AtomicError } from "../../error.ts";
import type { Job } from "../../job/job.ts";
import type { LoggedEvent } from "../../job/job-event.ts";
import type { Message } from "../../plan/microtask.ts";
import { answerParts, NoAnswer } from "../answer-parts.ts";
import type { AppEnv } from "../app-env.ts";
import { wholeAnswer } from "../await-answer.ts";
import { cancelJob } from "../cancel-job.ts";
import { Disconnect } from "../disconnect.ts";
import { followJob } from "../follow-job.ts";
import { eraseJob, wholeNumber } from "../native/jobs.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts, JobHandle } from "../ports.ts";
import { readJobJson } from "../read-body.ts";
import { readEvents } from "../read-events.ts";
import { submitCompletion } from "../submit-completion.ts";
import { parseInput } from "../zod-refusal.ts";
import { inputItems } from "./input-items.ts";
import { responseEvents } from "./response-events.ts";
import { doneResponse, failedResponse, jobIdOf, openResponse } from "./response-object.ts";
import { places, responsesBody, responsesRequest } from "./responses-body.ts";

/** OpenAI's Responses API. One in the background is a job: poll it, stream it from anywhere, cancel it. */
export function responsesRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/responses", async (c) => {
    const body = parseInput(responsesBody, await readJobJson(c.req));
    const request = responsesRequest(body);
    const goesOn = body.background === true ? "leave out background" : undefined;
    const { id, open, reused } = await submitCompletion(c, ports, { model: body.model, request, places, goesOn });
    if (body.stream === true) return streamResponse(c, open, request.cancelOnDisconnect, -1, reused);
    if (body.background === true) return c.json(await responseNow(await openJob(ports, c.get("caller"), id), reused));
    const gone = new Disconnect(c, open, request.cancelOnDisconnect);
    return c.json(doneResponse(await wholeAnswer(answerParts(followJob(open, gone.signal), false, reused), gone)));
  });

  app.get("/v1/responses/:id", async (c) => {
    const id = jobIdOf(c.req.param("id"));
    const caller = c.get("caller");
    const job = await openJob(ports, caller, id);
    const after = wholeNumber(c.req.query("starting_after"), "starting_after", 0, 1e9) ?? -1;
    c.header("atomic-job-id", id);
    if (c.req.query("stream") === "true") {
      await requirePast(job, after);
      return streamResponse(c, () => ports.jobs.open(caller, id), false, after);
    }
    return c.json(await responseNow(job));
  });

  app.post("/v1/responses/:id/cancel", async (c) => {
    const id = jobIdOf(c.req.param("id"));
    await cancelJob(ports, c.get("caller"), id);
    return c.json(await responseNow(await openJob(ports, c.get("caller"), id)));
  });

  app.delete("/v1/responses/:id", async (c) => {
    const id = c.req.param("id");
    await eraseJob(ports, c.get("caller"), jobIdOf(id));
    return c.json({ id, object: "response", deleted: true });
  });

  app.get("/v1/responses/:id/input_items", async (c) => {
    const job = await openJob(ports, c.get("caller"), jobIdOf(c.req.param("id")));
    const { request, id } = await foldNow(job);
    const messages: Message[] =
      request.input.type === "messages" ? request.input.messages : [{ role: "user", content: request.input.text }];
    const data = messages.flatMap((message, i) => inputItems(message, `${id}_${i}`));
    return c.json({
      object: "list",
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: false,
    });
  });
}

/** All events with a number over `after`. They are made anew from the log, so it does not matter who saw the first. */
function streamResponse(
  c: Context<AppEnv>,
  open: () => Promise<JobHandle | null>,
  cancels: boolean,
  after: number,
  reused?: true,
): Response {
  const gone = new Disconnect(c, open, cancels);
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.left());
    let last = after;
    try {
      for await (const event of responseEvents(answerParts(followJob(open, gone.signal), true, reused))) {
        if (event === null) await stream.write(": beat\n\n");
        else if (event.sequence_number > last) {
          last = event.sequence_number;
          await stream.writeSSE({ event: event.type, data: JSON.stringify(event) });
        }
      }
    } catch (error) {
      c.get("report")(error);
      const message = "The stream broke inside Atomic. The job goes on: retrieve the response by its id.";
      // It is in no other stream, so it has no number of its own: who goes on behind it misses nothing.
      const at = last < 0 ? {} : { sequence_number: last };
      const event = { type: "error", code: "server_error", message, param: null, ...at };
      await stream.writeSSE({ event: "error", data: JSON.stringify(event) });
    } finally {
      gone.end();
    }
  });
}

/**
 * Throws when there is no event of that number so far: who waits behind it would never hear of those before it. So it
 * does of a job that is gone, which a stream that has begun could not say by a status any more.
 */
async function requirePast(handle: JobHandle, after: number): Promise<void> {
  if (after < 0) return void (await handle.view());
  let last = -1;
  for await (const event of responseEvents(answerParts(logNow(handle), true))) {
    last = event?.sequence_number ?? last;
    if (last >= after) return;
  }
  throw new AtomicError(
    "invalid-request",
    `"starting_after" is ${after}, but the last event so far is ${last}. Leave it out to start over.`,
    { field: "starting_after" },
  );
}

/** The job as a Response, as far as it is now. */
async function responseNow(handle: JobHandle, reused?: true): Promise<object> {
  let job: Job | null = null;
  try {
    for await (const part of answerParts(logNow(handle), false, reused)) {
      if (part.type === "begun") job = part.job;
      if (part.type === "done") return doneResponse(part.answer);
    }
  } catch (error) {
    if (job === null || !(error instanceof NoAnswer)) throw error;
    return failedResponse(job, error);
  }
  if (job === null) throw new AtomicError("internal", "The job's log cannot be read now. Try again.");
  return openResponse(job);
}

async function foldNow(handle: JobHandle): Promise<Job> {
  for await (const part of answerParts(logNow(handle), false)) if (part.type === "begun") return part.job;
  throw new AtomicError("internal", "The job's log cannot be read now. Try again.");
}

/** The log up to now, without waiting for what is to come. */
async function* logNow(handle: JobHandle): AsyncGenerator<LoggedEvent, void> {
  const { seq } = await handle.view();
  for await (const event of readEvents(await handle.events(0), new AbortController().signal)) {
    if (event === null) continue;
    yield event;
    if (event.seq >= seq) return;
  }
}
