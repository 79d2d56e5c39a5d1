import { z } from "zod";
import { AtomicError } from "../../error.ts";
import { type Image, plainImageUrl } from "../../plan/image.ts";
import type { Message } from "../../plan/microtask.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { wholeConversation } from "../whole-conversation.ts";

const detailBody = z.string().max(40).nullish();
const contentPart = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  /** Of a picture: an address beside its `detail`, or in chat both in one object. */
  image_url: z.union([z.string(), z.object({ url: z.string(), detail: detailBody })]).nullish(),
  detail: detailBody,
});
type ContentPart = z.infer<typeof contentPart>;
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
/** Those that are pictures. */
const imageTypes = ["image_url", "input_image"];

/** A turn of a client's list, and its index there. */
export interface Turn {
  body: MessageBody;
  at: number;
}

/** A conversation in our words. `field` is where the list stands in the body, `call` what names a result's call there. */
export function messagesOf(turns: readonly Turn[], field: string, call: string): Message[] {
  const place = (i: number) => `${field}[${turns[i]?.at ?? i}]`;
  const messages = turns.map(({ body }, i) => messageOf(body, place(i)));
  return wholeConversation(messages, place, field, call);
}

function messageOf(body: MessageBody, field: string): Message {
  const { content, images } = contentOf(body.content, field);
  if (images.length > 0 && body.role !== "user")
    throw new AtomicError("invalid-request", 'Pictures stand in messages of role "user". Put it into one.', {
      field: `${field}.content`,
    });
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
      return { role: "user", content, ...(images.length === 0 ? {} : { images }) };
  }
}

const callOf = ({ id, function: called }: z.infer<typeof callBody>): ToolCall => ({ id, ...called });

/** Text of a content, whatever its form, and the pictures in it. Throws for parts that are neither. */
function contentOf(content: z.infer<typeof contentBody>, field: string): { content: string; images: Image[] } {
  if (typeof content === "string") return { content, images: [] };
  let text = "";
  let first = true;
  const images: Image[] = [];
  for (const [i, part] of (content ?? []).entries()) {
    const place = `${field}.content[${i}]`;
    if (imageTypes.includes(part.type)) images.push({ at: text.length, ...imageIn(part, place) });
    else if (textTypes.includes(part.type)) {
      text += `${first ? "" : "\n"}${part.text ?? part.refusal ?? ""}`;
      first = false;
    } else
      throw new AtomicError(
        "invalid-request",
        `Atomic reads texts and pictures, not "${part.type.slice(0, 40)}". Send the text.`,
        { field: `${place}.type` },
      );
  }
  return { content: text, images };
}

function imageIn(part: ContentPart, place: string): Omit<Image, "at"> {
  const given = part.image_url;
  if (given == null)
    throw new AtomicError("invalid-request", "Atomic keeps no files: send the picture itself as a data: URL.", {
      field: `${place}.image_url`,
    });
  const [url, detail] = typeof given === "string" ? [given, part.detail] : [given.url, given.detail];
  return { url: plainImageUrl(url), ...(detail === "low" || detail === "high" ? { detail } : {}) };
}
