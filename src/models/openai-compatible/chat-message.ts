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
    default:
      return message;
  }
}
