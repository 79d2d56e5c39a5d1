import { type Image, turnParts } from "../../plan/image.ts";
import type { Message } from "../../plan/microtask.ts";

/** One turn as POST /chat/completions takes it. */
export function chatMessage(message: Message): object {
  switch (message.role) {
    case "tool":
      return { role: "tool", tool_call_id: message.call, content: message.content };
    case "assistant": {
      const { role, content, calls = [] } = message;
      if (calls.length === 0) return { role, content };
      return {
        role,
        // Some chat templates print an empty text as a turn of its own.
        content: content === "" ? null : content,
        tool_calls: calls.map(({ id, name, arguments: written }) => ({
          id,
          type: "function",
          function: { name, arguments: written },
        })),
      };
    }
    case "user":
      return { role: "user", content: userContent(message.content, message.images) };
    case "system":
      return message;
  }
}

/** A text alone stays one: old servers and templates take nothing else. */
function userContent(content: string, images: Image[] = []): string | object[] {
  if (images.length === 0) return content;
  return turnParts(content, images).map((part) =>
    typeof part === "string"
      ? { type: "text", text: part }
      : {
          type: "image_url",
          image_url: { url: part.url, ...(part.detail === undefined ? {} : { detail: part.detail }) },
        },
  );
}
