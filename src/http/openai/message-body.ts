import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { Message } from "../../plan/microtask.ts";

const contentPart = z.object({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() });

export const messageBody = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([z.string(), z.array(contentPart).max(1000)]).nullish(),
});
export type MessageBody = z.infer<typeof messageBody>;

/** Types of content parts that are text, in both of OpenAI's APIs. */
const textTypes = ["text", "input_text", "output_text", "refusal"];

/** A conversation in our words. `field` is where the list stands in the body. */
export function messagesOf(bodies: MessageBody[], field: string): Message[] {
  const messages = bodies.map(
    (body, i): Message => ({ role: roleOf(body.role), content: textOf(body, `${field}[${i}]`) }),
  );
  if (!messages.some((m) => m.role === "user" && m.content.trim() !== ""))
    throw new AtomicError("invalid-request", 'A conversation needs a message of role "user" with text.', { field });
  return messages;
}

function roleOf(role: MessageBody["role"]): Message["role"] {
  if (role === "developer") return "system";
  // What a tool said is data from outside, as a user's words are.
  return role === "tool" || role === "function" ? "user" : role;
}

function textOf({ content }: MessageBody, field: string): string {
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
