import { describe, expect, it } from "vitest";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ToolChoice } from "../../src/plan/tool.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import type { CallForm, Script, ScriptedCall } from "../provider/script.ts";
import { callOf, collect, never, targetOf, toolsOf, until } from "./call.ts";
import { provider, run, target, timeouts } from "./chat-endpoint.ts";

const paris: ScriptedCall = { id: "call_paris", name: "weather", arguments: '{"city":"Paris"}' };
const rome: ScriptedCall = { id: "call_rome", name: "weather", arguments: '{"city":"Rome"}' };
const noon: ScriptedCall = { id: "call_noon", name: "time", arguments: '{"zone":"CET"}' };
const asked = { tools: toolsOf() };
const bodyOf = async (call: Partial<ModelCall>) => {
  await run({}, call);
  return provider.ledger()[0]?.body ?? {};
};

describe("calls that a model makes", () => {
  it("come piece by piece as they are written, and whole before the end", async () => {
    const got = await run({ calls: [paris], usage: { input: 30, output: 9 } }, asked);
    expect(got.failure).toBeNull();
    expect(got.parts.map((part) => part.type)).toEqual(["open", ...Array(4).fill("call-text"), "call", "usage", "end"]);
    expect(got.callText).toBe('{"city":"Paris"}');
    expect(got.calls).toEqual([paris]);
    expect(got.usage).toEqual({ input: 30, output: 9, source: "provider" });
    expect(got.finish).toBe("stop");
    expect(got.parts.at(-1)).not.toHaveProperty("said");
  });

  it("stand beside text, several in one answer, in their order", async () => {
    const got = await run({ text: "Let me see.", calls: [paris, noon, rome] }, asked);
    expect(got.text).toBe("Let me see.");
    expect(got.calls).toEqual([paris, noon, rome]);
  });

  const bare = (call: ScriptedCall): ScriptedCall => ({ ...call, id: null });
  it.each<[string, CallForm[], ScriptedCall[], string[]]>([
    ["whole, with numbers", ["whole"], [paris, rome], ["call_paris", "call_rome"]],
    ["whole, as objects", ["whole", "object"], [paris, noon], ["call_paris", "call_noon"]],
    ["whole, without numbers", ["whole", "without-index"], [paris, rome], ["call_paris", "call_rome"]],
    ["whole, all numbered 0", ["whole", "all-at-0"], [paris, rome, noon], ["call_paris", "call_rome", "call_noon"]],
    ["whole, without number or id", ["whole", "without-index"], [paris, rome].map(bare), ["call_a1_0", "call_a1_1"]],
    ["whole, all numbered 0, no id", ["whole", "all-at-0"], [paris, rome].map(bare), ["call_a1_0", "call_a1_1"]],
    ["in pieces, without numbers", ["without-index"], [paris, rome], ["call_paris", "call_rome"]],
    ["in pieces, without number or id", ["without-index"], [paris, rome].map(bare), ["call_a1_0", "call_a1_1"]],
    ["in pieces, all numbered 0", ["all-at-0"], [paris, rome], ["call_paris", "call_rome"]],
    ["named with every piece", ["named-again"], [paris, rome], ["call_paris", "call_rome"]],
    [
      "named again, no number, no id",
      ["named-again", "without-index"],
      [paris, noon].map(bare),
      ["call_a1_0", "call_a1_1"],
    ],
  ])("are read as some servers send them: %s", async (_, callsAs, calls, ids) => {
    const got = await run({ calls, callsAs }, asked);
    expect(got.failure).toBeNull();
    expect(got.calls).toEqual(calls.map((call, n) => ({ ...call, id: ids[n] })));
    expect(got.callText).toBe(calls.map((call) => call.arguments).join(""));
  });

  it("are read from an answer that is no stream", async () => {
    const got = await run({ calls: [paris, { ...noon, id: null }], fault: "not-a-stream" }, asked);
    expect(got.calls).toEqual([paris, { ...noon, id: "call_a1_1" }]);
    expect(got.callText).toBe(paris.arguments + noon.arguments);
    expect(got.finish).toBe("stop");
  });

  it("keep arguments as they were written, empty ones too", async () => {
    const calls = ["", '{"city": }', "[1]"].map((written, n) => ({ ...paris, id: `c${n}`, arguments: written }));
    const got = await run({ calls }, asked);
    expect(got.calls.map((call) => call.arguments)).toEqual(["", '{"city": }', "[1]"]);
  });

  it.each(["call 1", "functions.weather:0", "x".repeat(65), "", "call_before"])(
    "get an id where theirs is not one for every dialect, or was had before: %j",
    async (id) => {
      const messages: Message[] = [
        ...callOf().messages,
        { role: "assistant", content: "", calls: [{ id: "call_before", name: "time", arguments: "{}" }] },
        { role: "tool", call: "call_before", content: "noon" },
      ];
      const got = await run({ calls: [{ ...paris, id }] }, { ...asked, messages, attempt: "first/2.1" });
      expect(got.calls).toEqual([{ ...paris, id: "call_first_2_1_0" }]);
    },
  );

  it("get different ids where a server repeats one, and never one that was made before", async () => {
    const twice = await run({ calls: [paris, { ...rome, id: paris.id ?? null }] }, asked);
    expect(twice.calls.map(({ id }) => id)).toEqual(["call_paris", "call_a1_1"]);
    const messages: Message[] = [
      { role: "user", content: "and then?" },
      { role: "assistant", content: "", calls: [{ id: "call_a1_0", name: "time", arguments: "{}" }] },
      { role: "tool", call: "call_a1_0", content: "noon" },
    ];
    const later = await run({ calls: [{ ...paris, id: null }] }, { ...asked, messages });
    expect(later.calls.map(({ id }) => id)).toEqual(["call_a1_1"]);
  });

  it.each([
    ["a call without a name", { calls: [{ ...paris, name: null }] }, "malformed-stream"],
    ["65 calls", { calls: Array(65).fill({ ...paris, id: null }) }, "too-large"],
    [
      "arguments without end",
      { calls: [{ ...paris, arguments: "x".repeat(400_000) }], pieceChars: 10_000 },
      "too-large",
    ],
  ] as const)("fail with a typed reason: %s", async (_, script, reason) => {
    const got = await run(script as Script, asked);
    expect(got.failure?.reason).toBe(reason);
    expect(got.calls).toEqual([]);
  });

  it("64 are none too many", async () => {
    const got = await run({ calls: Array(64).fill({ ...paris, id: null }) }, asked);
    expect(new Set(got.calls.map(({ id }) => id)).size).toBe(64);
  });
});

describe("how an answer with calls ends", () => {
  it.each(["tool_calls", "function_call", "stop"])("%s is a stop where a call came", async (finishWord) => {
    const got = await run({ calls: [paris], finishWord }, asked);
    expect(got.finish).toBe("stop");
    expect(got.calls).toEqual([paris]);
  });

  it("tool_calls without a call is another end, in the provider's word", async () => {
    const got = await run({ text: "So be it.", finishWord: "tool_calls" }, asked);
    expect(got.parts.at(-1)).toEqual({ type: "end", finish: "other", said: "tool_calls" });
    expect((await run({ pieces: [], finishWord: "tool_calls" }, asked)).failure?.reason).toBe("empty-answer");
  });

  it("a call that the output cap cut is none; those before it are", async () => {
    const cut = { ...rome, arguments: '{"city":"Ro' };
    const got = await run({ calls: [paris, cut], finish: "length" }, asked);
    expect(got.finish).toBe("length");
    expect(got.calls).toEqual([paris]);
    const alone = await run({ calls: [cut], finish: "length", usage: { input: 3, output: 256 } }, asked);
    expect(alone.failure?.reason).toBe("empty-answer");
    expect(alone.usage).toEqual({ input: 3, output: 256, source: "provider" });
  });

  it("calls of a model that was offered nothing, or may make none, are not passed on", async () => {
    expect((await run({ calls: [paris] })).failure?.reason).toBe("empty-answer");
    const none = { tools: toolsOf({ choice: "none" }) };
    const got = await run({ text: "Sunny.", calls: [paris] }, none);
    expect(got.calls).toEqual([]);
    expect(got.text).toBe("Sunny.");
  });

  it.each([
    ["reset", "connection-lost", {}],
    ["clean-cut", "truncated", {}],
    ["stall", "stall-timeout", timeouts({ betweenTokensMs: 80 })],
  ] as const)("%s in mid-call: %s, what was seen is billed, nothing is called", async (fault, reason, over) => {
    const got = await run(
      { calls: [paris, rome], fault, faultAfter: 7, usage: { input: 1, output: 1 } },
      { ...asked, ...over },
    );
    expect(got.failure?.reason).toBe(reason);
    expect(got.calls).toEqual([]);
    // The first call's 16 characters, and a piece of the second where the fault let it through.
    expect(got.usage?.source).toBe("counted");
    expect(got.usage?.output).toBeGreaterThanOrEqual(4);
  });

  it("abort in mid-call: usage, no call, and the upstream is closed", async () => {
    provider.script("m", { calls: [{ ...paris, arguments: `{"city":"${"x".repeat(4000)}"}` }], betweenMs: 3 });
    const controller = new AbortController();
    let pieces = 0;
    const call = callOf(asked);
    const got = await collect(streamChatCompletions(target(), call, controller.signal), (part) => {
      if (part.type === "call-text" && ++pieces === 3) controller.abort();
    });
    expect(got.failure).toBeNull();
    expect(got.parts.at(-1)?.type).toBe("usage");
    expect(got.calls).toEqual([]);
    expect(got.usage).toMatchObject({ source: "counted" });
    expect(got.usage?.output).toBeGreaterThan(0);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("is counted, names included, where the provider gives no usage", async () => {
    const got = await run({ calls: [paris], fault: "usage-missing" }, asked);
    // {"city":"Paris"} and weather: 23 characters.
    expect(got.usage).toMatchObject({ source: "counted", output: 6 });
  });

  it("a piece of arguments that came twice is told, not dropped", async () => {
    const got = await run({ calls: [paris], fault: "duplicate-chunk", faultAfter: 3 }, asked);
    expect(got.calls).toEqual([{ ...paris, arguments: '{"city":"Par"Paris"}' }]);
    expect(got.parts).toContainEqual({ type: "repeat", how: "alike" });
    expect((await run({ calls: [paris] }, asked)).parts).not.toContainEqual({ type: "repeat", how: "alike" });
  });
});

describe("the request", () => {
  it("offers tools in OpenAI's form, and says nothing that is the default", async () => {
    const body = await bodyOf(asked);
    const [weather, time] = toolsOf().offered;
    expect(body.tools).toEqual([
      {
        type: "function",
        function: { name: "weather", description: "Looks up the weather.", parameters: weather?.parameters },
      },
      {
        type: "function",
        function: { name: "time", description: "Looks up the time.", parameters: time?.parameters, strict: true },
      },
    ]);
    expect(body).not.toHaveProperty("tool_choice");
    expect(body).not.toHaveProperty("parallel_tool_calls");
  });

  it.each<[ToolChoice, unknown]>([
    ["none", "none"],
    ["required", "required"],
    [{ name: "time" }, { type: "function", function: { name: "time" } }],
  ])("has the choice %j", async (choice, sent) => {
    const body = await bodyOf({ tools: toolsOf({ choice }) });
    expect(body.tool_choice).toEqual(sent);
    expect(body.tools).toHaveLength(2);
  });

  it("forbids several calls where the caller does, unless the server refuses the field", async () => {
    const tools = toolsOf({ parallel: false });
    expect((await bodyOf({ tools })).parallel_tool_calls).toBe(false);
    provider.reset();
    provider.script("m", {});
    const { endpoint } = target();
    const picky = targetOf({ ...endpoint, omit: ["parallel_tool_calls"] });
    await collect(streamChatCompletions(picky, callOf({ tools }), never));
    expect(provider.ledger()[0]?.body).not.toHaveProperty("parallel_tool_calls");
  });

  it("asks for strict mode only where the schema keeps its rules, and has no tools without any", async () => {
    const loose = {
      name: "loose",
      description: "",
      parameters: { type: "object", properties: { a: {} } },
      strict: true as const,
    };
    const body = await bodyOf({ tools: toolsOf({ offered: [loose] }) });
    expect(JSON.stringify(body.tools)).not.toContain("strict");
    provider.reset();
    expect(await bodyOf({ tools: toolsOf({ offered: [], choice: "required" }) })).not.toHaveProperty("tool_choice");
    provider.reset();
    expect(await bodyOf({})).not.toHaveProperty("tools");
  });

  it("has no response_format beside tools", async () => {
    const schema = { type: "object", properties: { label: { type: "string" } }, required: ["label"] };
    const body = await bodyOf({ ...asked, schema });
    expect(body).not.toHaveProperty("response_format");
  });

  it("has the calls and results of the turns before, the last one marked as its answer's beginning", async () => {
    const calls = [
      { id: "c1", name: "weather", arguments: '{"city":"Paris"}' },
      { id: "c2", name: "time", arguments: "" },
    ];
    const messages: Message[] = [
      { role: "user", content: "Weather and time?" },
      { role: "assistant", content: "", calls },
      { role: "tool", call: "c1", content: "sunny" },
      { role: "tool", call: "c2", content: "" },
      { role: "assistant", content: "One more.", calls: [{ id: "c3", name: "time", arguments: "{}" }] },
      { role: "tool", call: "c3", content: "noon" },
      { role: "assistant", content: "It is" },
    ];
    provider.script("m", {});
    const marking = target();
    marking.endpoint = { ...marking.endpoint, prefixMark: "prefix" };
    await collect(streamChatCompletions(marking, callOf({ messages, continues: true }), never));
    const sent = (id: string, name: string, written: string) => ({
      id,
      type: "function",
      function: { name, arguments: written },
    });
    expect(provider.ledger()[0]?.body.messages).toEqual([
      { role: "user", content: "Weather and time?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [sent("c1", "weather", '{"city":"Paris"}'), sent("c2", "time", "")],
      },
      { role: "tool", tool_call_id: "c1", content: "sunny" },
      { role: "tool", tool_call_id: "c2", content: "" },
      { role: "assistant", content: "One more.", tool_calls: [sent("c3", "time", "{}")] },
      { role: "tool", tool_call_id: "c3", content: "noon" },
      { role: "assistant", content: "It is", prefix: true },
    ]);
  });
});
