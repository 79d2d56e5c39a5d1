import { type Image, turnParts } from "../../plan/image.ts";
import type { Message } from "../../plan/microtask.ts";

/** A turn as the input items of OpenAI's Responses API that it is; `id` is unique in the list. */
export function inputItems(message: Message, id: string): { id: string; [field: string]: unknown }[] {
  const status = "completed";
  if (message.role === "tool")
    return [
      { id: `fco_in_${id}`, type: "function_call_output", status, call_id: message.call, output: message.content },
    ];
  const { role, content } = message;
  const calls = message.role === "assistant" ? (message.calls ?? []) : [];
  const type = role === "assistant" ? "output_text" : "input_text";
  const parts = turnParts(content, message.role === "user" ? (message.images ?? []) : []);
  return [
    ...(content === "" && calls.length > 0
      ? []
      : [{ id: `msg_in_${id}`, type: "message", role, status, content: parts.map((part) => partOf(part, type)) }]),
    ...calls.map((call, k) => ({
      id: `fc_in_${id}_${k}`,
      type: "function_call",
      status,
      call_id: call.id,
      name: call.name,
      arguments: call.arguments,
    })),
  ];
}

const partOf = (part: string | Image, type: string): object =>
  typeof part === "string"
    ? { type, text: part }
    : { type: "input_image", image_url: part.url, detail: part.detail ?? "auto" };
