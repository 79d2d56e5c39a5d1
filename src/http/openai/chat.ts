import type { Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { Disconnect } from "../disconnect.ts";
import { openaiError } from "../error-response.ts";
import { followJob } from "../follow-job.ts";
import { idempotencyName } from "../idempotency-key.ts";
import type { HttpPorts } from "../ports.ts";
import { readJobJson } from "../read-body.ts";
import { keyOrReuse, refuseReuse } from "../refuse-reuse.ts";
import { requireWait } from "../require-wait.ts";
import { submitJob } from "../submit-job.ts";
import { parseInput } from "../zod-refusal.ts";
import { admitOpenai } from "./admit-openai.ts";
import { type AnswerPart, answerParts, type FinishedAnswer } from "./answer-parts.ts";
import { type ChatBody, chatBody, chatRequest } from "./chat-body.ts";
import {
  type ChatHead,
  callsDelta,
  chatChunk,
  completion,
  finalChunk,
  leaderChanged,
  usageChunk,
} from "./chat-chunks.ts";

const places = { schema: "response_format.json_schema.schema", messages: "messages", tool: ".function" } as const;

/** Heartbeats (10 s each) without text before headers are sent anyway, so that no proxy gives the request up. */
export const quietBeats = 2;

/** `POST /v1/chat/completions`: a job behind OpenAI's oldest door. */
export function chatRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/chat/completions", async (c) => {
    const name = idempotencyName(c.req.header("idempotency-key"));
    const body = parseInput(chatBody, await readJobJson(c.req));
    const request = chatRequest(body);
    const caller = c.get("caller");
    const { id, repeated, reused } = await submitJob(ports, { caller, request, via: "http", name }, async () => {
      await admitOpenai(body.model, request, ports, caller.tenant, places);
      requireWait(request, { waits: true, named: name !== null }, "atomic.lane", "");
      if (name !== null) refuseReuse(request, "atomic.reuse_ms", keyOrReuse);
    });
    c.header("atomic-job-id", id);
    if (repeated) c.header("idempotent-replayed", "true");
    if (reused) c.header("atomic-reused", "true");
    const open = () => ports.jobs.open(caller, id);
    const gone = new Disconnect(c, open, request.cancelOnDisconnect);
    const parts = answerParts(followJob(open, gone.signal), body.stream === true, reused);
    const head: ChatHead = { job: id, model: body.model, createdAtMs: 0 };
    try {
      if (body.stream !== true) return c.json(completion(head, await finished(parts, head)));
    } finally {
      if (body.stream !== true) gone.end();
    }
    // A failure up to here has its own status; from the first byte on it can only be a frame.
    const first = await firstPart(parts, head, gone);
    return streamChat(c, body, head, first, parts, gone);
  });
}

/** Runs to the end; the client has waited for the whole. */
async function finished(parts: AsyncGenerator<AnswerPart>, head: ChatHead): Promise<FinishedAnswer> {
  for await (const part of parts) {
    if (part.type === "begun") head.createdAtMs = part.job.acceptedAtMs;
    if (part.type === "done") return part.answer;
  }
  throw left();
}

async function firstPart(parts: AsyncGenerator<AnswerPart>, head: ChatHead, gone: Disconnect): Promise<AnswerPart> {
  let beats = 0;
  try {
    for (;;) {
      const { done, value } = await parts.next();
      if (done === true) throw left();
      if (value.type === "begun") head.createdAtMs = value.job.acceptedAtMs;
      else if (value.type !== "beat" || ++beats >= quietBeats) return value;
    }
  } catch (error) {
    gone.end();
    throw error;
  }
}

function streamChat(
  c: Context<AppEnv>,
  body: ChatBody,
  head: ChatHead,
  first: AnswerPart,
  parts: AsyncGenerator<AnswerPart>,
  gone: Disconnect,
): Response {
  const counts = body.stream_options?.include_usage === true;
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.left());
    const send = (chunk: object) => stream.writeSSE({ data: JSON.stringify(chunk) });
    const pass = async (part: AnswerPart) => {
      if (part.type === "beat") await stream.write(": beat\n\n");
      else if (part.type === "text")
        await send({
          ...chatChunk(head, { content: part.text }, null, counts),
          ...(part.continues === undefined ? {} : leaderChanged(part.continues)),
        });
      else if (part.type === "done") {
        const { calls } = part.answer;
        if (calls.length > 0) await send(chatChunk(head, callsDelta(calls), null, counts));
        await send(finalChunk(head, part.answer, counts));
        if (counts) await send(usageChunk(head, part.answer));
        await stream.writeSSE({ data: "[DONE]" });
      }
    };
    try {
      await send(chatChunk(head, { role: "assistant", content: "", refusal: null }, null, counts));
      await pass(first);
      for await (const part of parts) await pass(part);
    } catch (error) {
      // No [DONE] after it: a cut answer must not look like a whole one.
      if (!(error instanceof AtomicError)) c.get("report")(error);
      await send(openaiError(error instanceof AtomicError ? error : broken()));
    } finally {
      gone.end();
    }
  });
}

const left = () => new AtomicError("cancelled", "The client left before the answer was there.");
const broken = () => new AtomicError("internal", "The stream broke inside Atomic. The job goes on: see GET /v1/jobs.");
