import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { streamAnthropic } from "../../src/models/anthropic/anthropic.ts";
import type { Endpoint } from "../../src/models/endpoint.ts";
import { streamGoogle } from "../../src/models/google/google.ts";
import { streamOpenAI } from "../../src/models/openai/openai.ts";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import type { Image } from "../../src/plan/image.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import { callOf, collect, targetOf } from "./call.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
  await Promise.all(["@ai-sdk/openai", "@ai-sdk/anthropic", "@ai-sdk/google"].map((name) => import(name)));
}, 30_000);
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const base64 = "iVBORw0KGgo=";
const png: Image = { at: 7, url: `data:image/png;base64,${base64}`, detail: "low" };
const far: Image = { at: 7, url: "https://example.com/b.jpg" };
const shown = (...images: Image[]): Message[] => [
  { role: "system", content: "Be brief." },
  { role: "user", content: "First: second.", images },
];

const wires = {
  "openai-compatible": { stream: streamChatCompletions, model: "echo", path: "/v1" },
  openai: { stream: streamOpenAI, model: "gpt-5.4-mini", path: "/v1" },
  anthropic: { stream: streamAnthropic, model: "claude-haiku-5-5", path: "/v1" },
  google: { stream: streamGoogle, model: "gemini-3.8-flash", path: "/v1beta" },
} as const;

async function bodyOf(name: keyof typeof wires, messages: Message[]): Promise<Record<string, unknown>> {
  const { stream, model, path } = wires[name];
  provider.script(model, {});
  const endpoint: Endpoint = { type: name, model, baseUrl: provider.url + path };
  const got = await collect(stream(targetOf(endpoint), callOf({ messages }), new AbortController().signal));
  expect(got.failure).toBeNull();
  return (provider.ledger()[0]?.body ?? {}) as Record<string, unknown>;
}
const lastOf = (list: unknown): unknown => (list as { content?: unknown; parts?: unknown }[]).at(-1);

/** What a chat API is sent of it. */
const asChat = {
  role: "user",
  content: [
    { type: "text", text: "First: " },
    { type: "image_url", image_url: { url: png.url, detail: "low" } },
    { type: "image_url", image_url: { url: far.url } },
    { type: "text", text: "second." },
  ],
};

describe("pictures stand where they were put among a turn's text", () => {
  it.each(["openai-compatible", "openai"] as const)("for %s", async (name) => {
    const { messages } = await bodyOf(name, shown(png, far));
    expect(lastOf(messages)).toEqual(asChat);
  });

  it("for Anthropic", async () => {
    const { messages } = await bodyOf("anthropic", shown(png, far));
    expect(lastOf(messages)).toEqual({
      role: "user",
      content: [
        { type: "text", text: "First: " },
        { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } },
        { type: "image", source: { type: "url", url: far.url } },
        { type: "text", text: "second." },
      ],
    });
  });

  it("for Google", async () => {
    const { contents } = await bodyOf("google", shown(png));
    expect(lastOf(contents)).toEqual({
      role: "user",
      parts: [{ text: "First: " }, { inlineData: { mimeType: "image/png", data: base64 } }, { text: "second." }],
    });
  });
});

it("a turn without any is a plain text, as ever", async () => {
  const { messages } = await bodyOf("openai-compatible", [{ role: "user", content: "Hi." }]);
  expect(lastOf(messages)).toEqual({ role: "user", content: "Hi." });
});

it("are counted as input where the provider says no count", async () => {
  const inputOf = async (messages: Message[]) => {
    provider.script("echo", { text: "Yes.", fault: "usage-missing" });
    const endpoint: Endpoint = { type: "openai-compatible", model: "echo", baseUrl: `${provider.url}/v1` };
    const got = await collect(
      streamChatCompletions(targetOf(endpoint), callOf({ messages }), new AbortController().signal),
    );
    return got.usage?.input ?? 0;
  };
  expect((await inputOf(shown(png, far))) - (await inputOf(shown()))).toBe(2 * 1600);
});

it.each(["openai", "anthropic"] as const)("are no fault of %s where they are no address after all", async (name) => {
  const { stream, model, path } = wires[name];
  const endpoint: Endpoint = { type: name, model, baseUrl: provider.url + path };
  const messages = shown({ at: 0, url: "https://[" });
  const got = await collect(stream(targetOf(endpoint), callOf({ messages }), new AbortController().signal));
  expect(got.failure).toMatchObject({ reason: "client-error", fault: "refused" });
  expect(provider.ledger()).toEqual([]);
});
