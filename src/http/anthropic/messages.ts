import type { Hono } from "hono";
import { admitModel } from "../admit-model.ts";
import { answerParts } from "../answer-parts.ts";
import type { AppEnv } from "../app-env.ts";
import { firstPart, wholeAnswer } from "../await-answer.ts";
import { Disconnect } from "../disconnect.ts";
import { followJob } from "../follow-job.ts";
import type { HttpPorts } from "../ports.ts";
import { readJobJson } from "../read-body.ts";
import { streamAnswer } from "../stream-answer.ts";
import { submitCompletion } from "../submit-completion.ts";
import { parseInput } from "../zod-refusal.ts";
import { marksTurns } from "./cache-marks.ts";
import { messageEvents } from "./message-events.ts";
import { doneMessage } from "./message-object.ts";
import { countBody, countedRequest, messagesBody, messagesRequest, placesIn } from "./messages-body.ts";

/** Anthropic's Messages API: a job behind it, and how many tokens one would be asked with. */
export function messagesRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/messages", async (c) => {
    const given = await readJobJson(c.req);
    const body = parseInput(messagesBody, given);
    const request = messagesRequest(body, marksTurns(given));
    const asked = { model: body.model, request, places: placesIn(body) };
    const { id, open, reused } = await submitCompletion(c, ports, asked);
    const gone = new Disconnect(c, open, request.cancelOnDisconnect);
    const parts = answerParts(followJob(open, gone.signal), body.stream === true, reused);
    const head = { job: id, model: body.model };
    if (body.stream !== true) return c.json(doneMessage(head, await wholeAnswer(parts, gone)));
    const { first } = await firstPart(parts, gone);
    return streamAnswer(c, first, parts, gone, messageEvents(head, c.get("requestId")));
  });

  app.post("/v1/messages/count_tokens", async (c) => {
    const body = parseInput(countBody, await readJobJson(c.req));
    const request = countedRequest(body);
    await admitModel(body.model, request, ports, c.get("caller").tenant, placesIn(body));
    return c.json({ input_tokens: ports.market.promptTokens(request) });
  });
}
