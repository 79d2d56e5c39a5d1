import { z } from "zod";
import { AtomicError } from "../../error.ts";
import { checkTurns } from "../../plan/check-turns.ts";
import type { Message } from "../../plan/microtask.ts";
import type { ToolCall } from "../../plan/tool.ts";

const contentPart = z.object({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() });
const contentBody = z.union([z.string(), z.array(contentPart).max(1000)]).nullish();

const callBody = z.object({
  id: z.string().min(1).max(200),
  type: z.literal("function").optional(),
  function: z.object({ name: z.string().min(1).max(64), arguments: z.string().max(1_000_000) }),
});

export const messageBody = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: contentBody,
  tool_calls: z.array(callBody).max(64).nullish(),
  tool_call_id: z.string().max(200).nullish(),
  /** Of before there were tool_calls. */
  function_call: z.unknown().optional(),
});
export type MessageBody = z.infer<typeof messageBody>;

/** Types of content parts that are text, in both of OpenAI's APIs. */
const textTypes = ["text", "input_text", "output_text", "refusal"];

/** A turn of a client's list, and its index there. */
export interface Turn {
  body: MessageBody;
  at: number;
}

/** A conversation in our words. `field` is where the list stands in the body, `call` what names a result's call there. */
export function messagesOf(turns: readonly Turn[], field: string, call: string): Message[] {
  const place = (i: number) => `${field}[${turns[i]?.at ?? i}]`;
  const messages = turns.map(({ body }, i) => messageOf(body, place(i)));
  const broken = checkTurns(messages, place, call);
  if (broken !== null) throw AtomicError.from(broken);
  if (!messages.some((m) => m.role === "user" && m.content.trim() !== ""))
    throw new AtomicError("invalid-request", 'A conversation needs a message of role "user" with text.', { field });
  return messages;
}

function messageOf(body: MessageBody, field: string): Message {
  const content = textOf(body.content, field);
  if (body.function_call != null)
    throw new AtomicError(
      "invalid-request",
      'Atomic knows a turn\'s "function_call" as one of its "tool_calls", with an id that its result names.',
      { field: `${field}.function_call` },
    );
  switch (body.role) {
    case "system":
    case "developer":
      return { role: "system", content };
    case "assistant": {
      const calls = (body.tool_calls ?? []).map(callOf);
      return { role: "assistant", content, ...(calls.length === 0 ? {} : { calls }) };
    }
    case "tool":
      return { role: "tool", content, call: body.tool_call_id ?? "" };
    // Of before tools had ids: what it said is data from outside, as a user's words are.
    case "function":
    case "user":
      return { role: "user", content };
  }
}

const callOf = ({ id, function: called }: z.infer<typeof callBody>): ToolCall => ({ id, ...called });

/** Text of a content, whatever its form. Throws for parts that are none. */
export function textOf(content: z.infer<typeof contentBody>, field: string): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part, i) => {
      if (!textTypes.includes(part.type))
        throw new AtomicError(
          "invalid-request",
          `Atomic reads text only, not "${part.type.slice(0, 40)}". Send the text.`,
          {
            field: `${field}.content[${i}].type`,
          },
        );
      return part.text ?? part.refusal ?? "";
    })
    .join("\n");
}
