import { type Image, imageSource, turnParts } from "../../plan/image.ts";
import type { Message } from "../../plan/microtask.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { ModelFailure } from "../../race/model-port.ts";
import type { CallOptions } from "./language-model.ts";

type Prompt = CallOptions["prompt"];

/** A conversation as the SDK's providers take it: results that follow one another are one turn, and name their tool. */
export function sdkPrompt(messages: readonly Message[]): Prompt {
  const names = new Map<string, string>();
  const prompt: Prompt = [];
  for (const message of messages) {
    switch (message.role) {
      case "system":
        prompt.push({ role: "system", content: message.content });
        break;
      case "user":
        prompt.push({ role: "user", content: userParts(message.content, message.images) });
        break;
      case "assistant": {
        const { content, calls = [] } = message;
        for (const { id, name } of calls) names.set(id, name);
        prompt.push({
          role: "assistant",
          content: [...(content === "" && calls.length > 0 ? [] : [textPart(content)]), ...calls.map(callPart)],
        });
        break;
      }
      case "tool": {
        const part = {
          type: "tool-result" as const,
          toolCallId: message.call,
          toolName: names.get(message.call) ?? "tool",
          output: { type: "text" as const, value: message.content },
        };
        const last = prompt.at(-1);
        if (last?.role === "tool") last.content.push(part);
        else prompt.push({ role: "tool", content: [part] });
      }
    }
  }
  return prompt;
}

const textPart = (text: string) => ({ type: "text" as const, text });

const userParts = (content: string, images: Image[] = []) =>
  images.length === 0
    ? [textPart(content)]
    : turnParts(content, images).map((part) => (typeof part === "string" ? textPart(part) : imagePart(part)));

/** Which was seen to be one of the two at the border; only OpenAI's provider reads how closely to look. */
function imagePart({ url, detail }: Image) {
  const source = imageSource(url);
  // Its client's fault, not the bidder's.
  if (source === null || (source.type === "url" && !URL.canParse(url)))
    throw new ModelFailure("client-error", "A picture is no URL.", { fault: "refused" });
  return {
    type: "file" as const,
    mediaType: source.type === "data" ? source.mediaType : "image",
    data:
      source.type === "data"
        ? { type: "data" as const, data: source.base64 }
        : { type: "url" as const, url: new URL(url) },
    ...(detail === undefined ? {} : { providerOptions: { openai: { imageDetail: detail } } }),
  };
}

const callPart = ({ id, name, arguments: written }: ToolCall) => ({
  type: "tool-call" as const,
  toolCallId: id,
  toolName: name,
  input: inputOf(written),
});

/** Anthropic and Gemini take objects only; a model's own broken arguments must not fail the turns after them. */
function inputOf(written: string): object {
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}
