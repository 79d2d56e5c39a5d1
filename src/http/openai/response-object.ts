import { type AtomicError, errorTable } from "../../error.ts";
import type { Job } from "../../job/job.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { factsOf } from "../answer-facts.ts";
import type { FinishedAnswer } from "../answer-parts.ts";
import { marketModels } from "../model-name.ts";
import { cacheDetails } from "./chat-chunks.ts";

const prefix = "resp_";
export const responseId = (job: string): string => `${prefix}${job}`;
/** The job's id, whatever was given: one that is no response's is no job's either. */
export const jobIdOf = (response: string): string => (response.startsWith(prefix) ? response.slice(prefix.length) : "");

/** OpenAI's Response of a job that goes on: everything that is required, and no output yet. */
export function openResponse(job: Job): Record<string, unknown> {
  const { request } = job;
  return {
    id: responseId(job.id),
    object: "response",
    created_at: Math.floor(job.acceptedAtMs / 1000),
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: request.instruction === "" ? null : request.instruction,
    max_output_tokens: request.maxOutputTokens,
    metadata: request.metadata,
    model: modelOf(job),
    output: [],
    parallel_tool_calls: request.tools?.parallel ?? false,
    previous_response_id: null,
    reasoning: { effort: request.effort ?? null, summary: null },
    temperature: request.temperature,
    text: { format: formatOf(job) },
    tool_choice: choiceOf(job),
    tools: (request.tools?.offered ?? []).map((tool) => ({ type: "function", strict: false, ...tool })),
    top_p: request.sampling?.topP ?? null,
    usage: null,
  };
}

export const messageItem = (
  job: Job,
  status: "in_progress" | "completed" | "incomplete",
  content: object[],
): object => ({
  id: `msg_${job.id}`,
  type: "message",
  status,
  role: "assistant",
  content,
});

/** A call as an output item; `i` counts the calls of its answer. */
export const callItem = (job: Job, i: number, call: ToolCall, status: "in_progress" | "completed"): object => ({
  id: callItemId(job, i),
  type: "function_call",
  status,
  call_id: call.id,
  name: call.name,
  arguments: status === "completed" ? call.arguments : "",
});

export const callItemId = (job: Job, i: number): string => `fc_${job.id}_${i}`;

/** An answer that only calls has no message. */
export const saysText = ({ text, calls }: FinishedAnswer): boolean => text !== "" || calls.length === 0;

export const textPart = (text: string): object => ({ type: "output_text", text, annotations: [], logprobs: [] });

/** OpenAI's Response of a job that has its answer. */
export function doneResponse(answer: FinishedAnswer): Record<string, unknown> {
  const { usage, job } = answer;
  const status = answer.finish === "length" ? "incomplete" : "completed";
  return {
    ...openResponse(job),
    status,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    output: [
      ...(saysText(answer) ? [messageItem(job, status, [textPart(answer.text)])] : []),
      ...answer.calls.map((call, i) => callItem(job, i, call, "completed")),
    ],
    usage: {
      input_tokens: usage.input,
      input_tokens_details: cacheDetails(usage),
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
      total_tokens: usage.input + usage.output,
    },
    atomic: factsOf(answer),
  };
}

/** OpenAI's Response of a job that has none and never will. */
export function failedResponse(job: Job, error: AtomicError): Record<string, unknown> {
  if (error.code === "cancelled") return { ...openResponse(job), status: "cancelled" };
  const { status } = errorTable[error.code];
  const code = status === 429 ? "rate_limit_exceeded" : status === 400 ? "invalid_prompt" : "server_error";
  return { ...openResponse(job), status: "failed", error: { code, message: error.message } };
}

function modelOf({ request }: Job): string {
  const [only, ...others] = request.bidders ?? [];
  // Among several, who answers is not known yet, and `atomic.bidder` says it then.
  if (only !== undefined && others.length === 0) return only;
  return Object.entries(marketModels).find(([, policy]) => policy === request.policy)?.[0] ?? "atomic";
}

function choiceOf({ request }: Job): unknown {
  const choice = request.tools?.choice ?? "auto";
  return typeof choice === "object" ? { type: "function", ...choice } : choice;
}

function formatOf({ request }: Job): object {
  const { schema } = request.contract;
  return schema === undefined ? { type: "text" } : { type: "json_schema", name: "answer", schema, strict: true };
}
