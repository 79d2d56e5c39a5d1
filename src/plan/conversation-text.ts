import { turnParts } from "./image.ts";
import type { Message } from "./microtask.ts";
import { messageText } from "./prompt-texts.ts";

/** Kept free for the line that says what was left out, code units. */
const noteChars = 40;

/**
 * A conversation as one text, for whoever is told of it and does not take part: system texts, then the turns, each with
 * its role at the beginning of a line, where nothing that is said can stand. Of turns that, with the system texts, have
 * more than `longest` code units the newest are kept, the last one always; how many were left out is said.
 */
export function conversationText(messages: readonly Message[], longest = Number.POSITIVE_INFINITY): string {
  const system = messages.filter(({ role }) => role === "system").map(turnText);
  const turns = messages.filter(({ role }) => role !== "system").map(turnText);
  let room = longest - noteChars - system.reduce((sum, text) => sum + text.length + 1, 0);
  let from = turns.length;
  for (const text of turns.toReversed()) {
    room -= text.length + 1;
    if (room < 0 && from < turns.length) break;
    from -= 1;
  }
  return [...system, ...(from === 0 ? [] : [`[${from} earlier turns left out]`]), ...turns.slice(from)].join("\n");
}

const turnText = (message: Message): string =>
  `${message.role}: ${told(message).replace(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/g, "\n  ")}`;

/** Where it has pictures, a mark stands for each. */
const told = (message: Message): string =>
  message.role === "user" && message.images !== undefined
    ? turnParts(message.content, message.images)
        .map((part) => (typeof part === "string" ? part : "[picture]"))
        .join("")
    : messageText(message);
