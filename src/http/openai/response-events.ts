import type { Job } from "../../job/job.ts";
import { leaderChangedOf } from "../answer-facts.ts";
import { type AnswerPart, NoAnswer } from "../answer-parts.ts";
import {
  callItem,
  callItemId,
  doneResponse,
  failedResponse,
  messageItem,
  openResponse,
  saysText,
  textPart,
} from "./response-object.ts";

export interface ResponseEvent {
  type: string;
  /** From 0. A pure function of the job's log, so that a stream can be taken up again anywhere. */
  sequence_number: number;
  [field: string]: unknown;
}

/**
 * An answer as the events of OpenAI's Responses API, in their order; null for a heartbeat. Why there is none is an event
 * too; trouble of reading is thrown: the job may well go on, and an event of it would be in no other stream.
 */
export async function* responseEvents(parts: AsyncIterable<AnswerPart>): AsyncGenerator<ResponseEvent | null, void> {
  let sequence = 0;
  let job: Job | null = null;
  let text = "";
  const event = (type: string, fields: object): ResponseEvent => ({
    type: `response.${type}`,
    sequence_number: sequence++,
    ...fields,
  });
  const place = () => ({ item_id: `msg_${job?.id ?? ""}`, output_index: 0, content_index: 0 });
  try {
    for await (const part of parts) {
      if (part.type === "beat") yield null;
      else if (part.type === "begun") {
        job = part.job;
        yield event("created", { response: openResponse(job) });
        yield event("in_progress", { response: openResponse(job) });
      } else if (job === null) continue;
      else if (part.type === "text") {
        if (text === "") {
          yield event("output_item.added", { output_index: 0, item: messageItem(job, "in_progress", []) });
          yield event("content_part.added", { ...place(), part: textPart("") });
        }
        text += part.text;
        yield event("output_text.delta", {
          ...place(),
          delta: part.text,
          logprobs: [],
          ...leaderChangedOf(part),
        });
      } else {
        const response = doneResponse(part.answer);
        const status = part.answer.finish === "length" ? "incomplete" : "completed";
        if (saysText(part.answer)) {
          yield event("output_text.done", { ...place(), text, logprobs: [] });
          yield event("content_part.done", { ...place(), part: textPart(text) });
          yield event("output_item.done", { output_index: 0, item: messageItem(job, status, [textPart(text)]) });
        }
        for (const [i, call] of part.answer.calls.entries()) {
          const at = { output_index: i + (saysText(part.answer) ? 1 : 0) };
          const item = { item_id: callItemId(job, i), ...at };
          yield event("output_item.added", { ...at, item: callItem(job, i, call, "in_progress") });
          yield event("function_call_arguments.delta", { ...item, delta: call.arguments });
          yield event("function_call_arguments.done", { ...item, name: call.name, arguments: call.arguments });
          yield event("output_item.done", { ...at, item: callItem(job, i, call, "completed") });
        }
        yield event(status, { response });
      }
    }
  } catch (error) {
    if (job === null || !(error instanceof NoAnswer)) throw error;
    // Clients wait for completed, incomplete or failed; that it was cancelled is in the response's status.
    yield event("failed", { response: failedResponse(job, error) });
  }
}
