import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { streamAnthropic } from "../../src/models/anthropic/anthropic.ts";
import type { Endpoint, Target } from "../../src/models/endpoint.ts";
import { streamGoogle } from "../../src/models/google/google.ts";
import { streamOpenAI } from "../../src/models/openai/openai.ts";
import type { AiBinding } from "../../src/models/workers-ai/ai-binding.ts";
import { streamWorkersAI } from "../../src/models/workers-ai/workers-ai.ts";
import type { AbortSignalLike, ModelCall, ModelPart, Timeouts } from "../../src/race/model-port.ts";
import { now } from "../provider/ledger.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import type { Script } from "../provider/script.ts";
import { type Collected, callOf, collect, never, targetOf, until } from "./call.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
  // The first call loads the SDKs; its time is not the provider's.
  await Promise.all(
    ["@ai-sdk/openai", "@ai-sdk/anthropic", "@ai-sdk/google", "workers-ai-provider"].map((name) => import(name)),
  );
}, 30_000);
afterAll(() => provider.close());
beforeEach(() => provider.reset());

/** The AI binding as the platform has it, over the loopback provider: a stream for `stream: true`, else the value. */
const binding: AiBinding = {
  async run(model, inputs, options) {
    const { signal } = (options ?? {}) as { signal?: AbortSignal };
    const response = await fetch(`${provider.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model, ...(inputs as object) }),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw new Error(response.status === 429 ? "3040: out of capacity" : "5007: no such model");
    return response.headers.get("content-type")?.includes("event-stream") ? response.body : response.json();
  },
};

type Stream = (target: Target, call: ModelCall, signal: AbortSignalLike) => AsyncIterable<ModelPart>;
const providers: { name: Endpoint["type"]; path: string; model: string; stream: Stream }[] = [
  { name: "openai", path: "/v1", model: "gpt-5.4-mini", stream: streamOpenAI },
  { name: "anthropic", path: "/v1", model: "claude-haiku-5-5", stream: streamAnthropic },
  { name: "google", path: "/v1beta", model: "gemini-3.8-flash", stream: streamGoogle },
  {
    name: "workers-ai",
    path: "",
    model: "@cf/openai/gpt-oss-20b",
    stream: (target, call, signal) => streamWorkersAI(binding, target, call, signal),
  },
];
const six = ["One ", "two ", "three ", "four ", "five ", "six."];
const times = (over: Partial<Timeouts>): Timeouts => ({
  connectMs: 2000,
  firstTokenMs: 2000,
  betweenTokensMs: 2000,
  totalMs: 8000,
  ...over,
});

describe.each(providers)("$name", ({ name, path, model, stream }) => {
  const target = (over: Partial<Target> = {}) => {
    const endpoint: Endpoint = { type: name, model, ...(path ? { baseUrl: provider.url + path } : {}) };
    return targetOf(endpoint, over);
  };
  const run = (script: Script, call: Partial<ModelCall> = {}): Promise<Collected> => {
    provider.script(model, script);
    return collect(stream(target(), callOf(call), never));
  };

  it("sends a delivered beginning as the assistant's last message", async () => {
    const messages = [...callOf().messages, { role: "assistant" as const, content: "It began" }];
    const got = await run({ text: " here." }, { messages, continues: true });
    expect(got.text).toBe(" here.");
    const body = provider.ledger()[0]?.body as { messages?: object[]; contents?: object[] };
    const last = JSON.stringify((body.messages ?? body.contents ?? []).at(-1));
    expect(last).toContain("It began");
    expect(last).toContain(name === "google" ? '"role":"model"' : '"role":"assistant"');
  });

  it("gives open, text in order, usage and the end", async () => {
    const got = await run({ pieces: six, usage: { input: 11, output: 6, cached: 4 } });
    expect(got.failure).toBeNull();
    expect(got.parts[0]).toEqual({ type: "open" });
    expect(got.text).toBe(six.join(""));
    expect(got.usage).toEqual({ input: 11, output: 6, cachedInput: 4, source: "provider" });
    expect(got.finish).toBe("stop");
    const [entry] = provider.ledger();
    expect(JSON.stringify(entry?.body)).toContain("prompt-marker");
    expect(JSON.stringify(entry?.body)).toContain("256");
    expect(JSON.stringify(entry?.body)).not.toContain("sk-scripted-secret");
    expect(entry?.credential).toBe(name !== "workers-ai");
  });

  it("uses the connection again", async () => {
    for (let i = 0; i < 6; i++) {
      await run({ pieces: six, endAfterMs: 2 });
      expect(await until(() => provider.ledger()[i]?.end === "complete")).toBe(true);
    }
    // Not one: the client frees a connection a moment after it has given the last byte.
    expect(new Set(provider.ledger().map((entry) => entry.clientPort)).size).toBeLessThanOrEqual(3);
  });

  it("draws as the caller says, as far as the provider can", async () => {
    await run(
      {},
      { temperature: null, sampling: { topP: 0.9, seed: 77, frequencyPenalty: 0.5, presencePenalty: 0.25 } },
    );
    const body = provider.ledger()[0]?.body as Record<string, unknown> & { generationConfig?: object };
    const words = {
      // These two think: the SDK leaves out what such models refuse.
      openai: { seed: 77 },
      anthropic: {},
      google: { topP: 0.9, seed: 77 },
      "workers-ai": { top_p: 0.9 },
    } as Record<string, object>;
    expect(name === "google" ? body.generationConfig : body).toMatchObject(words[name] ?? {});
  });

  it("asks for the schema as such, and adds nothing to the prompt", async () => {
    const schema = { type: "object", properties: { only_here: { type: "string" } }, required: ["only_here"] };
    await run({ text: '{"only_here":"ham"}' }, { schema });
    const { messages, system, contents, systemInstruction, ...rest } = provider.ledger()[0]?.body ?? {};
    expect(JSON.stringify({ messages, system, contents, systemInstruction })).not.toContain("only_here");
    expect(JSON.stringify(rest)).toContain("only_here");
  });

  it("reports length, and opens before the first token", async () => {
    provider.script(model, { pieces: six, finish: "length", firstTokenAfterMs: 400 });
    const from = performance.now();
    let openedMs = Number.POSITIVE_INFINITY;
    const got = await collect(stream(target(), callOf(), never), (part) => {
      if (part.type === "open") openedMs = performance.now() - from;
    });
    expect(got.finish).toBe("length");
    expect(openedMs).toBeLessThan(350);
  });

  it.each([
    ["reset", "connection-lost"],
    ["clean-cut", "truncated"],
    ["error-frame", "error-frame"],
    ["garbage-line", "malformed-stream"],
    ["garbage-json", "malformed-stream"],
    ["long-line", "too-large"],
    ["empty", "empty-answer"],
    ["content-filter", name === "anthropic" ? "refused" : "content-filter"],
  ] as const)("%s -> %s", async (fault, reason) => {
    const got = await run({ pieces: six, fault });
    expect(got.failure?.reason).toBe(reason);
    expect(got.finish).toBeNull();
    expect(six.join("").startsWith(got.text)).toBe(true);
  });

  it.each([
    ["hang-before-headers", "connect-timeout", { connectMs: 80 }],
    ["hang-before-first-token", "first-token-timeout", { firstTokenMs: 80 }],
    ["stall", "stall-timeout", { betweenTokensMs: 80 }],
  ] as const)("%s -> %s, upstream closed", async (fault, reason, over) => {
    const got = await run({ pieces: six, fault }, { timeouts: times(over) });
    expect(got.failure?.reason).toBe(reason);
    expect(got.tookMs).toBeLessThan(1500);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("ends at a stop sequence, whatever the provider makes of it, and closes the upstream", async () => {
    const got = await run({ pieces: [...six, ...Array(50).fill("more ")], betweenMs: 5 }, { stop: ["ree fo"] });
    expect({ failure: got.failure, text: got.text, finish: got.finish }).toEqual({
      failure: null,
      text: "One two th",
      finish: "stop",
    });
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("reads split characters", async () => {
    const text = "Grüße, 世界, 🌍 und ein Ende.";
    expect((await run({ text, fault: "split-utf8" })).text).toBe(text);
  });

  it("closes the upstream on abort, with at most one chunk more", async () => {
    provider.script(model, { pieces: Array(2000).fill("more "), betweenMs: 5 });
    const controller = new AbortController();
    let abortedAtMs = 0;
    let texts = 0;
    const got = await collect(stream(target(), callOf(), controller.signal), (part) => {
      if (part.type !== "text" || ++texts !== 3) return;
      abortedAtMs = now();
      controller.abort();
    });
    const returnedAfterMs = now() - abortedAtMs;
    expect(got.failure).toBeNull();
    expect(got.finish).toBeNull();
    expect(returnedAfterMs).toBeLessThan(500);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
    const later = provider.ledger()[0]?.chunks.filter((chunk) => chunk.atMs > abortedAtMs) ?? [];
    expect(later.length).toBeLessThanOrEqual(1);
  });

  it("says nothing of prompt or key in any failure", async () => {
    for (const fault of ["status-400", "status-429", "error-frame", "garbage-json", "reset"] as const) {
      const { failure } = await run({ pieces: six, fault });
      expect(failure).not.toBeNull();
      const said = `${failure?.message} ${failure?.stack} ${JSON.stringify(failure)} ${String(failure?.cause)}`;
      expect(said).not.toContain("sk-scripted-secret");
      expect(said).not.toContain("prompt-marker");
    }
  });
});

describe.each(providers.filter(({ name }) => name !== "workers-ai"))(
  "$name statuses",
  ({ name, path, model, stream }) => {
    it.each([
      ["status-401", "unauthorized", 401],
      ["status-404", "client-error", 404],
      ["status-429", "rate-limited", 429],
      ["status-500", "server-error", 500],
      ["status-503", "overloaded", 503],
      ["status-529", "overloaded", 529],
    ] as const)("%s -> %s, one request, retry-after read", async (fault, reason, status) => {
      provider.script(model, { fault, headers: { "retry-after": "3" } });
      const target = targetOf({ type: name, model, baseUrl: provider.url + path });
      const { failure } = await collect(stream(target, callOf(), never));
      expect(failure).toMatchObject({ reason, status, retryAfterMs: 3000 });
      expect(provider.ledger()).toHaveLength(1);
    });
  },
);

describe("what is special", () => {
  const workersAI = (script: Script) => {
    const model = "@cf/qwen/qwq-32b";
    provider.script(model, script);
    return collect(streamWorkersAI(binding, targetOf({ type: "workers-ai", model }), callOf(), never));
  };

  it("Workers AI: its own codes are typed", async () => {
    expect((await workersAI({ fault: "status-429" })).failure?.reason).toBe("rate-limited");
  });

  it("Workers AI: thinking between tags is reasoning, not answer", async () => {
    const got = await workersAI({ text: "<think>Let me see. 6 x 7.</think>It is 42." });
    expect(got.text.trim()).toBe("It is 42.");
    expect(got.reasoning).toContain("6 x 7");
  });

  it.each([
    ["what its neurons cost", 12.44, { billedNano: 136_840 }],
    ["its tokens where a model has no meter yet", 0, {}],
    ["its tokens where it says nothing", undefined, {}],
  ])("Workers AI: an answer is billed %s", async (_, neurons, billed) => {
    const usage = { input: 11, output: 6, ...(neurons === undefined ? {} : { neurons }) };
    const got = await workersAI({ pieces: six, usage });
    expect(got.usage).toEqual({ input: 11, output: 6, source: "provider", ...billed });
    // The same answer, whole: what some models give whatever they are asked.
    const whole: AiBinding = {
      run: async () => ({
        response: "It is 42.",
        usage: { prompt_tokens: 11, completion_tokens: 6, ...(neurons === undefined ? {} : { neurons }) },
      }),
    };
    const target = targetOf({ type: "workers-ai", model: "@cf/meta/llama-3.1-8b-instruct" });
    const { usage: told } = await collect(streamWorkersAI(whole, target, callOf(), never));
    expect(told).toEqual({ input: 11, output: 6, source: "provider", ...billed });
  });

  it("Workers AI: a binding that ignores its signal still lets go at once", async () => {
    let cancelled = false;
    const deaf: AiBinding = {
      run: async () =>
        new ReadableStream({
          pull: () => new Promise(() => {}),
          cancel: () => {
            cancelled = true;
          },
        }),
    };
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const target = targetOf({ type: "workers-ai", model: "@cf/meta/llama-3.1-8b-instruct" });
    const got = await collect(streamWorkersAI(deaf, target, callOf(), controller.signal));
    expect(got.tookMs).toBeLessThan(1500);
    expect(got.finish).toBeNull();
    expect(await until(() => cancelled)).toBe(true);
  });

  it("OpenAI: reasoning models get max_completion_tokens and no temperature", async () => {
    provider.script("gpt-5.6", { text: "ok" });
    const target = targetOf({
      type: "openai",
      model: "gpt-5.6",
      baseUrl: `${provider.url}/v1`,
      reasoning: "low",
      reasoningTokens: 100,
    });
    await collect(streamOpenAI(target, callOf(), never));
    const body = provider.ledger()[0]?.body;
    expect(body).toMatchObject({ max_completion_tokens: 356, reasoning_effort: "low", store: false });
    expect(body).not.toHaveProperty("temperature");
  });

  it("OpenAI: a refusal is refused", async () => {
    provider.script("gpt-5.4-mini", { fault: "refusal", pieces: [] });
    const target = targetOf({ type: "openai", model: "gpt-5.4-mini", baseUrl: `${provider.url}/v1` });
    const got = await collect(streamOpenAI(target, callOf(), never));
    expect(got.failure?.reason).toBe("refused");
  });
});
