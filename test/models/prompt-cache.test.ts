import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { streamAnthropic } from "../../src/models/anthropic/anthropic.ts";
import { readBidder } from "../../src/models/bidder-input.ts";
import { defaultBidders } from "../../src/models/default-bidders.ts";
import type { Endpoint } from "../../src/models/endpoint.ts";
import { streamOpenAI } from "../../src/models/openai/openai.ts";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import { billsCacheWrites, withCacheWrite } from "../../src/models/prompt-cache.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import type { Script } from "../provider/script.ts";
import { callOf, collect, never, targetOf, toolsOf } from "./call.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
  await Promise.all(["@ai-sdk/openai", "@ai-sdk/anthropic"].map((name) => import(name)));
}, 30_000);
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const long = "Answer as the lamp shop would, kindly and in one sentence. ".repeat(80);
const user = (content: string): Message => ({ role: "user", content });
const once: Message[] = [{ role: "system", content: long }, user("Where is my lamp?")];
const goesOn: Message[] = [...once, { role: "assistant", content: "On its way." }, user("Since when?")];

async function bodyOf(type: "openai" | "anthropic", model: string, call: Partial<ModelCall>, script: Script = {}) {
  const endpoint: Endpoint = { type, model, baseUrl: `${provider.url}/v1` };
  provider.script(model, script);
  const stream = type === "openai" ? streamOpenAI : streamAnthropic;
  const got = await collect(stream(targetOf(endpoint), callOf(call), never));
  expect(got.failure).toBeNull();
  const body = provider.ledger().at(-1)?.body as Record<string, unknown> & {
    messages: { content: unknown }[];
    system?: unknown;
  };
  return { body, usage: got.usage };
}
const marks = (value: unknown) => JSON.stringify(value).split('"cache_control":{"type":"ephemeral"}').length - 1;
const breakpoints = (value: unknown) =>
  JSON.stringify(value).split('"prompt_cache_breakpoint":{"mode":"explicit"}').length - 1;

const [all, nothing] = [
  { head: true, end: true },
  { head: false, end: false },
];

describe("of Anthropic", () => {
  const ask = (call: Partial<ModelCall>) => bodyOf("anthropic", "claude-haiku-5-5", call);

  it("is asked for instructions and for all of a prompt by a mark on their last part", async () => {
    const { body } = await ask({ messages: goesOn, promptCache: all });
    expect([marks(body), marks(body.system), marks(body.messages.at(-1))]).toEqual([2, 1, 1]);
    const head = (await ask({ messages: goesOn, promptCache: { head: true, end: false } })).body;
    expect([marks(head), marks(head.system)]).toEqual([1, 1]);
    for (const promptCache of [undefined, nothing])
      expect(marks((await ask({ messages: goesOn, ...(promptCache ? { promptCache } : {}) })).body)).toBe(0);
  });

  it("is asked for behind a tool's result too", async () => {
    const messages: Message[] = [
      ...once,
      { role: "assistant", content: "", calls: [{ id: "c1", name: "weather", arguments: '{"city":"Graz"}' }] },
      { role: "tool", call: "c1", content: "Rain." },
    ];
    const { body } = await ask({ messages, tools: toolsOf(), promptCache: { head: false, end: true } });
    expect([marks(body), marks(body.messages.at(-1))]).toEqual([1, 1]);
  });

  it("marks no empty text, which is refused", async () => {
    const { body } = await ask({ messages: [...once.slice(0, 1), user("")], promptCache: all });
    expect([marks(body.system), marks(body.messages)]).toEqual([1, 0]);
  });
});

describe("of OpenAI", () => {
  const ask = (call: Partial<ModelCall>, model = "gpt-6-luna") => bodyOf("openai", model, call);

  it("is left to find the end of a conversation, and is not billed for a text that comes once", async () => {
    const conversation = (await ask({ messages: goesOn, promptCache: all })).body;
    expect(conversation).not.toHaveProperty("prompt_cache_options");
    expect([breakpoints(conversation.messages[0]), breakpoints(conversation)]).toEqual([1, 1]);
    expect((await ask({ messages: once })).body).toMatchObject({ prompt_cache_options: { mode: "explicit" } });
  });

  it("is asked for instructions alone", async () => {
    const { body } = await ask({ messages: once, promptCache: { head: true, end: false } });
    expect(body).toMatchObject({ prompt_cache_options: { mode: "explicit" } });
    expect([breakpoints(body.messages[0]), breakpoints(body)]).toEqual([1, 1]);
  });

  it("is told nothing by models that know no such words", async () => {
    for (const promptCache of [all, nothing]) {
      const { body } = await ask({ messages: once, promptCache }, "gpt-5.4-mini");
      expect(body).not.toHaveProperty("prompt_cache_options");
      expect(breakpoints(body)).toBe(0);
    }
  });
});

it.each<[string, string, boolean]>([
  ["anthropic", "claude-opus-5-5", true],
  ["openai", "gpt-5.6", true],
  ["openai", "gpt-5.6-sol", true],
  ["openai", "gpt-6-luna", true],
  ["openai", "gpt-10", true],
  ["openai", "gpt-5.4-mini", false],
  ["openai", "gpt-5", false],
  ["openai", "gpt-4o-mini", false],
  ["openai", "gpt-41x", false],
  ["openai", "o3", false],
  ["openai-compatible", "gpt-6-luna", false],
  ["google", "gemini-3.8-flash", false],
])("writing to the cache of %s %s is billed: %s", (type, model, bills) => {
  expect(billsCacheWrites({ type: type as Endpoint["type"], model })).toBe(bills);
});

it("counts what was written as the provider does", async () => {
  const script: Script = { text: "Soon.", usage: { input: 2_000, output: 2, cached: 500, written: 1_200 } };
  const expected = { input: 2_000, output: 2, cachedInput: 500, cacheWrite: 1_200, source: "provider" };
  expect((await bodyOf("anthropic", "claude-haiku-5-5", {}, script)).usage).toEqual(expected);
  expect((await bodyOf("openai", "gpt-6-luna", {}, script)).usage).toEqual(expected);
  const endpoint: Endpoint = { type: "openai-compatible", model: "claude", baseUrl: `${provider.url}/v1` };
  provider.script("claude", script);
  expect((await collect(streamChatCompletions(targetOf(endpoint), callOf(), never))).usage).toEqual(expected);
});

it("takes all of a prompt to have been written where a cut call was to write it", async () => {
  const cut = async (promptCache: typeof all) => {
    provider.script("claude-haiku-5-5", { pieces: ["One ", "two ", "three."], betweenMs: 200 });
    const endpoint: Endpoint = { type: "anthropic", model: "claude-haiku-5-5", baseUrl: `${provider.url}/v1` };
    const controller = new AbortController();
    const call = callOf({ messages: goesOn, promptCache });
    const got = await collect(streamAnthropic(targetOf(endpoint), call, controller.signal), (part) => {
      if (part.type === "text") controller.abort();
    });
    return got.usage;
  };
  const written = await cut({ head: false, end: true });
  expect(written).toMatchObject({ source: "counted" });
  expect(written?.cacheWrite).toBe(written?.input);
  expect(await cut(nothing)).not.toHaveProperty("cacheWrite");
});

describe("prices", () => {
  it("of a bidder that was stored without one are the provider's too, and a given one stays", () => {
    const sheet = { inputPerMtok: 2_000_000_000, outputPerMtok: 1 };
    const claude = { type: "anthropic", model: "claude-9" } as const;
    expect(withCacheWrite(claude, sheet)).toEqual({ ...sheet, cacheWritePerMtok: 2_500_000_000 });
    expect(withCacheWrite(claude, { ...sheet, cacheWritePerMtok: 0 })).toEqual({ ...sheet, cacheWritePerMtok: 0 });
    expect(withCacheWrite({ type: "openai", model: "gpt-5.4-mini" }, sheet)).toBe(sheet);
  });

  it("of what is written are the provider's, for bidders of a key and for an operator's", () => {
    const hosted = defaultBidders({ OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" }, Date.UTC(2026, 10, 22));
    const rates = Object.fromEntries(hosted.map(({ bidder }) => [bidder.model, bidder.price.cacheWritePerMtok]));
    expect(rates).toMatchObject({ "gpt-6-luna": 125_000_000, "claude-opus-5-5": 5_000_000_000 });
    expect(rates["gpt-5.4-mini"]).toBeUndefined();
    const added = (price: object) =>
      readBidder(
        "mine/claude",
        { endpoint: { type: "anthropic", model: "claude-9" }, price },
        { near: "public", nowMs: 0 },
      );
    expect(added({ input: 2, output: 4 })).toMatchObject({ bidder: { price: { cacheWritePerMtok: 2_500_000_000 } } });
    expect(added({ input: 2, output: 4, cacheWrite: 2 })).toMatchObject({
      bidder: { price: { cacheWritePerMtok: 2_000_000_000 } },
    });
  });
});
