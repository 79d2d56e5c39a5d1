import type { Hono } from "hono";
import { leaderChangedOf } from "../answer-facts.ts";
import { answerParts } from "../answer-parts.ts";
import type { AppEnv } from "../app-env.ts";
import { firstPart, wholeAnswer } from "../await-answer.ts";
import { Disconnect } from "../disconnect.ts";
import { openaiError } from "../error-response.ts";
import { followJob } from "../follow-job.ts";
import type { HttpPorts } from "../ports.ts";
import { readJobJson } from "../read-body.ts";
import { type Dialect, type Frame, streamAnswer } from "../stream-answer.ts";
import { submitCompletion } from "../submit-completion.ts";
import { parseInput } from "../zod-refusal.ts";
import { chatBody, chatRequest } from "./chat-body.ts";
import { type ChatHead, callsDelta, chatChunk, completion, finalChunk, usageChunk } from "./chat-chunks.ts";

const places = {
  schema: "response_format.json_schema.schema",
  messages: "messages",
  tool: ".function",
  parameters: "parameters",
} as const;

/** `POST /v1/chat/completions`: a job behind OpenAI's oldest door. */
export function chatRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/chat/completions", async (c) => {
    const body = parseInput(chatBody, await readJobJson(c.req));
    const request = chatRequest(body);
    const { id, open, reused } = await submitCompletion(c, ports, { model: body.model, request, places });
    const gone = new Disconnect(c, open, request.cancelOnDisconnect);
    const parts = answerParts(followJob(open, gone.signal), body.stream === true, reused);
    const headOf = (createdAtMs: number): ChatHead => ({ job: id, model: body.model, createdAtMs });
    if (body.stream !== true) {
      const answer = await wholeAnswer(parts, gone);
      return c.json(completion(headOf(answer.job.acceptedAtMs), answer));
    }
    const { first, job } = await firstPart(parts, gone);
    const counts = body.stream_options?.include_usage === true;
    return streamAnswer(c, first, parts, gone, chatFrames(headOf(job?.acceptedAtMs ?? 0), counts));
  });
}

/** A completion as chunks. `counts`: one of them tells its usage. */
function chatFrames(head: ChatHead, counts: boolean): Dialect {
  const frame = (chunk: object): Frame => ({ data: JSON.stringify(chunk) });
  return {
    beat: ": beat\n\n",
    opens: () => [frame(chatChunk(head, { role: "assistant", content: "", refusal: null }, null, counts))],
    of: (part) => {
      if (part.type === "text")
        return [frame({ ...chatChunk(head, { content: part.text }, null, counts), ...leaderChangedOf(part) })];
      if (part.type !== "done") return [];
      const { answer } = part;
      return [
        ...(answer.calls.length > 0 ? [frame(chatChunk(head, callsDelta(answer.calls), null, counts))] : []),
        frame(finalChunk(head, answer, counts)),
        ...(counts ? [frame(usageChunk(head, answer))] : []),
        { data: "[DONE]" },
      ];
    },
    fails: (error) => [frame(openaiError(error))],
  };
}
