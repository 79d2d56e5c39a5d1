import type { Image } from "./image.ts";
import type { Message } from "./microtask.ts";
import { callText, type Tools } from "./tool.ts";

/** The texts a provider bills as input, one a message: what it says and calls; and one of the tools that are offered. */
export function promptTexts(messages: readonly Message[], tools?: Tools): string[] {
  const texts = messages.map(messageText);
  return tools === undefined ? texts : [...texts, JSON.stringify(tools.offered)];
}

/** The pictures it bills beside them, in their order. */
export const imagesOf = (messages: readonly Message[]): Image[] =>
  messages.flatMap((message) => (message.role === "user" ? (message.images ?? []) : []));

/** What a turn says, its calls included, as one text. */
export const messageText = (message: Message): string =>
  message.role === "assistant" && message.calls !== undefined
    ? [message.content, ...message.calls.map(callText)].filter((text) => text !== "").join("\n")
    : message.content;
