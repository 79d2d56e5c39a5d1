import { describe, expect, it } from "vitest";
import { readChatChunk } from "../../src/models/openai-compatible/chat-chunk.ts";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import type { Script } from "../provider/script.ts";
import { callOf, collect, never, until } from "./call.ts";
import { provider, run, six, target, timeouts } from "./chat-endpoint.ts";

describe("a good stream", () => {
  it("gives open, text in order, the provider's usage and the end", async () => {
    const got = await run({ pieces: six, usage: { input: 11, output: 6, cached: 4, reasoning: 2 } });
    expect(got.failure).toBeNull();
    expect(got.text).toBe(six.join(""));
    expect(got.usage).toEqual({ input: 11, output: 6, cachedInput: 4, reasoning: 2, source: "provider" });
    expect(got.parts.map((part) => part.type)).toEqual(["open", ...six.map(() => "text"), "usage", "end"]);
    expect(got.finish).toBe("stop");
  });

  it("sends max_tokens, the schema as response_format, the messages as they are, and the key only as a header", async () => {
    const schema = {
      type: "object",
      properties: { label: { type: "string" } },
      required: ["label"],
      additionalProperties: false,
    };
    await run({ text: '{"label":"ham"}' }, { schema, maxOutputTokens: 99 });
    const [entry] = provider.ledger();
    expect(entry?.body.max_tokens).toBe(99);
    expect(entry?.body.stream).toBe(true);
    expect(entry?.body.response_format).toMatchObject({ type: "json_schema", json_schema: { schema, strict: true } });
    expect(entry?.body.messages).toEqual(callOf().messages);
    expect(entry?.credential).toBe(true);
    expect(JSON.stringify(entry?.body)).not.toContain("sk-scripted-secret");
  });

  it("draws as the caller says, else by a seed of its own and nothing more", async () => {
    const sampling = { topP: 0.9, seed: -5, frequencyPenalty: 0.5, presencePenalty: 0 };
    await run({}, { sampling });
    await run({}, { seed: 9 });
    const [said, silent] = provider.ledger().map(({ body }) => body);
    expect(said).toMatchObject({ top_p: 0.9, seed: -5, frequency_penalty: 0.5, presence_penalty: 0 });
    expect(silent?.seed).toBe(4);
    for (const field of ["top_p", "frequency_penalty", "presence_penalty"]) expect(silent).not.toHaveProperty(field);
  });

  it("sends no authorization without a key, and leaves out what the operator says a server refuses", async () => {
    provider.script("m", {});
    const bare = target({ apiKey: null });
    bare.endpoint = { ...bare.endpoint, omit: ["seed", "stream_options"] };
    await collect(streamChatCompletions(bare, callOf(), never));
    const [entry] = provider.ledger();
    expect(entry?.credential).toBe(false);
    expect(entry?.body).not.toHaveProperty("seed");
    expect(entry?.body).not.toHaveProperty("stream_options");
  });

  it.each([
    [undefined, undefined, undefined],
    ["prefix", true, undefined],
    ["continue-final-message", undefined, true],
  ] as const)("gives a delivered beginning as the last message, marked %s", async (prefixMark, prefix, goesOn) => {
    provider.script("m", {});
    const able = target();
    able.endpoint = { ...able.endpoint, ...(prefixMark === undefined ? {} : { prefixMark }) };
    const messages = [...callOf().messages, { role: "assistant" as const, content: "It began" }];
    await collect(streamChatCompletions(able, callOf({ messages, continues: true }), never));
    const [entry] = provider.ledger();
    const sent = (entry?.body.messages ?? []) as object[];
    expect(sent.at(-1)).toEqual({ role: "assistant", content: "It began", ...(prefix ? { prefix } : {}) });
    expect(entry?.body.continue_final_message).toBe(goesOn);
    expect(entry?.body.add_generation_prompt).toBe(goesOn === undefined ? undefined : false);
  });

  it("shows reasoning apart from the answer", async () => {
    const got = await run({ text: "42", reasoning: "Six times seven." });
    expect(got.reasoning).toBe("Six times seven.");
    expect(got.text).toBe("42");
  });

  it.each(["split-utf8", "crlf", "comments", "choices-empty", "no-done", "not-a-stream"] as const)(
    "reads what some servers send: %s",
    async (fault) => {
      const text = "Grüße, 世界, 🌍 und ein Ende.";
      const got = await run({ text, fault, faultAfter: 1 });
      expect(got.failure).toBeNull();
      expect(got.text).toBe(text);
      expect(got.finish).toBe("stop");
      expect(got.usage?.source).toBe("provider");
    },
  );

  it("ends within a second when a server holds the connection after the finish reason", async () => {
    const got = await run({ pieces: six, fault: "hang-after-finish" }, timeouts({ betweenTokensMs: 6000 }));
    expect(got.finish).toBe("stop");
    expect(got.text).toBe(six.join(""));
    expect(got.tookMs).toBeLessThan(4000);
  });

  it("lets go of a body that does not end after its end marker", async () => {
    const got = await run({ pieces: six, fault: "hang-after-end-marker" });
    expect(got.finish).toBe("stop");
    expect(got.text).toBe(six.join(""));
    expect(got.usage?.source).toBe("provider");
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("uses the connection again", async () => {
    for (let i = 0; i < 6; i++) await run({ pieces: six });
    expect(provider.ledger().every((entry) => entry.end === "complete")).toBe(true);
    // Two, not one: the client frees a connection a moment after it has given the last byte.
    expect(new Set(provider.ledger().map((entry) => entry.clientPort)).size).toBeLessThanOrEqual(2);
  });

  it.each(["abort", "aborted", "cancelled", "error", "internal_error"])("fails when it ends with %s", async (word) => {
    const got = await run({ pieces: six, finishWord: word });
    expect(got.failure?.reason).toBe(/error/.test(word) ? "error-frame" : "truncated");
    expect(got.finish).toBeNull();
  });

  it("passes on a word nobody knows, and says so when there was none", async () => {
    const odd = await run({ pieces: six, finishWord: "load" });
    expect(odd.parts.at(-1)).toEqual({ type: "end", finish: "other", said: "load" });
    const silent = await run({ pieces: six, finishWord: null });
    expect(silent.failure).toBeNull();
    expect(silent.parts.at(-1)).toEqual({ type: "end", finish: "unknown" });
  });

  it("says length when the answer hit its cap", async () => {
    expect((await run({ pieces: six, finish: "length" })).finish).toBe("length");
  });
});

describe("statuses", () => {
  it.each([
    ["status-400", "client-error", 400],
    ["status-401", "unauthorized", 401],
    ["status-403", "unauthorized", 403],
    ["status-404", "client-error", 404],
    ["status-408", "server-error", 408],
    ["status-429", "rate-limited", 429],
    ["status-500", "server-error", 500],
    ["status-503", "overloaded", 503],
    ["status-529", "overloaded", 529],
    ["redirect", "client-error", 302],
  ] as const)("%s -> %s", async (fault, reason, status) => {
    const got = await run({ fault });
    expect(got.failure?.reason).toBe(reason);
    expect(got.failure?.status).toBe(status);
    expect(got.failure?.fault).toBe(status === 400 ? "too-long" : null);
    expect(got.parts).toEqual([]);
    expect(provider.ledger()).toHaveLength(1);
  });

  it("does not wait long for an error's body", async () => {
    const got = await run({ fault: "error-body-hangs" });
    expect(got.failure?.reason).toBe("overloaded");
    expect(got.tookMs).toBeLessThan(1900);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it.each([
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after-ms": "250", "retry-after": "7" }, 250],
    [{ "retry-after": "999999" }, 3_600_000],
    [{}, null],
  ])("reads retry-after from %j", async (headers, ms) => {
    const got = await run({ fault: "status-429", headers: headers as Record<string, string> });
    expect(got.failure?.retryAfterMs).toBe(ms);
  });

  it("reads retry-after as a date", async () => {
    const got = await run({
      fault: "status-503",
      headers: { "retry-after": new Date(Date.now() + 30_000).toUTCString() },
    });
    expect(got.failure?.retryAfterMs).toBeGreaterThan(25_000);
    expect(got.failure?.retryAfterMs).toBeLessThanOrEqual(30_000);
  });

  it("holds off for long when the quota is used up", async () => {
    const got = await run({ fault: "quota" });
    expect(got.failure?.reason).toBe("rate-limited");
    expect(got.failure?.retryAfterMs).toBeGreaterThanOrEqual(600_000);
    expect(got.failure?.message).toContain("insufficient_quota");
  });

  it("tells the headroom of the rate headers", async () => {
    const seen: unknown[] = [];
    await run(
      {
        headers: {
          "x-ratelimit-limit-requests": "100",
          "x-ratelimit-remaining-requests": "99",
          "x-ratelimit-reset-requests": "6m0.5s",
          "x-ratelimit-remaining-tokens": "5000",
        },
      },
      {},
      { onHeadroom: (bidder, headroom) => seen.push([bidder, headroom]) },
    );
    expect(seen).toEqual([
      [
        "test/model",
        {
          requests: { limit: 100, remaining: 99, resetMs: 360_500 },
          tokens: { limit: null, remaining: 5000, resetMs: null },
        },
      ],
    ]);
  });
});

describe("thinking in parts of the content", () => {
  it("is thinking: it counts as time and tokens, and is no text", () => {
    const thinking = [{ type: "thinking", thinking: [{ type: "text", text: "Let me see. " }] }];
    const read = (content: unknown) => readChatChunk(JSON.stringify({ choices: [{ delta: { content } }] }));
    expect(read(thinking)).toMatchObject({ reasoning: "Let me see. ", text: "" });
    expect(read([...thinking, { type: "text", text: "Paris" }])).toMatchObject({
      reasoning: "Let me see. ",
      text: "Paris",
    });
    expect(read([{ type: "thinking", thinking: "So." }])).toMatchObject({ reasoning: "So.", text: "" });
  });
});

describe("usage", () => {
  it("is counted when the provider gives none", async () => {
    const got = await run({ pieces: six, fault: "usage-missing" });
    expect(got.usage?.source).toBe("counted");
    expect(got.usage?.output).toBe(7);
    expect(got.usage?.input).toBeGreaterThan(5);
  });

  it("has all that is billed as output, where the provider counts its thinking beside the answer", () => {
    const said = (total: number) =>
      readChatChunk(
        JSON.stringify({
          choices: [],
          usage: {
            prompt_tokens: 32,
            completion_tokens: 9,
            total_tokens: total,
            completion_tokens_details: { reasoning_tokens: 94 },
          },
        }),
      )?.usage;
    expect(said(135)).toEqual({ input: 32, output: 103, reasoning: 94, source: "provider" });
    expect(said(41)).toMatchObject({ output: 9 });
  });

  it("is the larger of each, and a bound, when two reports contradict each other", async () => {
    const got = await run({ pieces: six, fault: "usage-contradictory", usage: { input: 10, output: 6 } });
    expect(got.usage).toEqual({ input: 13, output: 6, source: "bounded" });
  });

  it.each([
    { input: 10, output: 0 },
    { input: -1, output: 5 },
    { input: 10, output: 2.5 },
  ])("is counted when it cannot be true: %j", async (usage) => {
    const got = await run({ pieces: six, usage });
    expect(got.usage?.source).toBe("counted");
    expect(got.usage?.output).toBe(7);
  });
});

describe("a model whose template opens its thinking", () => {
  const thoughts = ["Two and three, ", "so five.\n", "</think>\n", "\n", "The answer ", "is 5"];
  const ask = (model: string, script: Script, call: Partial<ModelCall> = {}) => {
    provider.script(model, script);
    const of = target();
    of.endpoint = { ...of.endpoint, model };
    return collect(streamChatCompletions(of, callOf(call), never));
  };

  it("fails once, with its bill, and is understood from then on", async () => {
    const first = await ask("opens", { pieces: thoughts, usage: { input: 9, output: 12 } });
    expect(first.failure?.reason).toBe("unmarked-thoughts");
    expect(first.text).not.toContain("The answer");
    expect(first.usage).not.toBeNull();
    const second = await ask("opens", { pieces: thoughts });
    expect(second).toMatchObject({ failure: null, text: "The answer is 5", finish: "stop" });
    expect(second.reasoning).toBe("Two and three, so five.\n");
  });

  it("is none that has answered without the tag: nobody can have it write one that says otherwise", async () => {
    expect((await ask("plain", { pieces: six })).failure).toBeNull();
    const about = ["The closing tag is\n", "</think>\n", "\n", "and stands alone."];
    for (let i = 0; i < 2; i++)
      expect(await ask("plain", { pieces: about })).toMatchObject({ failure: null, text: about.join("") });
  });

  it("is not told by an answer to who asks about the tag", async () => {
    const messages = [{ role: "user" as const, content: "What does </think> mean?" }];
    const got = await ask("asked", { pieces: thoughts }, { messages });
    expect(got).toMatchObject({ failure: null, text: thoughts.join("") });
    expect((await ask("asked", { pieces: six })).text).toBe(six.join(""));
  });

  it("is understood at once where its answer comes whole", async () => {
    const got = await ask("opens-whole", { text: thoughts.join(""), fault: "not-a-stream" });
    expect(got).toMatchObject({ failure: null, text: "The answer is 5" });
    expect((await ask("opens-whole", { pieces: thoughts })).failure).toBeNull();
  });

  it("gives an answer without thoughts at its end, counts it once, and after five of them as it comes", async () => {
    await ask("at-times", { pieces: thoughts });
    for (let i = 0; i < 5; i++) {
      const got = await ask("at-times", { pieces: six, fault: "usage-missing" });
      expect([got.text, got.reasoning]).toEqual([six.join(""), six.join("")]);
      expect(got.usage?.output).toBeLessThan(12);
    }
    expect((await ask("at-times", { pieces: six })).reasoning).toBe("");
  });

  it("has given no answer where its cap came before the end of its thoughts, and says what to do", async () => {
    await ask("short", { pieces: thoughts });
    const got = await ask("short", { pieces: thoughts.slice(0, 2), finish: "length" }, { maxOutputTokens: 64 });
    expect(got.text).toBe("");
    expect(got.failure).toMatchObject({ reason: "empty-answer", capped: true });
    expect(got.failure?.message).toMatch(/cap of 64 tokens was used up before any text.*raise max_tokens/);
  });
});
