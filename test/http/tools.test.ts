import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, streamText, tool } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Tools } from "../../src/plan/tool.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { itRefuses, type Refused } from "./refused.ts";
import { answers, asksFor } from "./scripts.ts";

const server = testServer();
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
let client: OpenAI;

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => server.app.fetch(request));
  client = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(() => loopback.close());

const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const weather = { name: "get_weather", description: "The weather of a place.", parameters };
const offered: Tools = { offered: [weather], choice: "auto", parallel: true };
const call = { id: "call_1", name: "get_weather", arguments: '{"city":"Paris"}' };
const chatTool = { type: "function" as const, function: weather };
const messages = [{ role: "user" as const, content: "How is Paris?" }];

describe("tools in chat completions, by the openai SDK", () => {
  it("gives the calls of an answer, and takes their results", async () => {
    server.runs(asksFor([call]));
    const first = await client.chat.completions.create({ model: "atomic", messages, tools: [chatTool] });
    expect(first.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "get_weather", arguments: call.arguments } }],
      },
    });
    expect(server.jobs.last()?.request.tools).toEqual(offered);
    server.runs(answers("Sunny."));
    const turn = first.choices[0]?.message;
    if (turn === undefined) throw new Error("no choice");
    const second = await client.chat.completions.create({
      model: "atomic",
      tools: [chatTool],
      messages: [...messages, turn, { role: "tool", tool_call_id: "call_1", content: "sunny, 20 degrees" }],
    });
    expect(second.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "Sunny." } });
    expect(server.jobs.last()?.request.input).toEqual({
      type: "messages",
      messages: [
        ...messages,
        { role: "assistant", content: "", calls: [call] },
        { role: "tool", content: "sunny, 20 degrees", call: "call_1" },
      ],
    });
  });

  it("streams the text and then the calls", async () => {
    server.runs(asksFor([call, { ...call, id: "call_2" }], "Let me look."));
    const runner = client.chat.completions.stream({ model: "atomic", messages, tools: [chatTool] });
    const { choices } = await runner.finalChatCompletion();
    expect(choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: "Let me look." } });
    expect(choices[0]?.message.tool_calls?.map(({ id }) => id)).toEqual(["call_1", "call_2"]);
  });

  it("runs the SDK's own loop of calls and results", async () => {
    server.runs((job) => {
      const input = job.request.input;
      const done = input.type === "messages" && input.messages.some((m) => m.role === "tool");
      return (done ? answers("20 degrees in Paris.") : asksFor([call]))(job);
    });
    const runner = client.chat.completions.runTools({
      model: "atomic",
      messages,
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "",
            parameters,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => `20 degrees in ${city}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("20 degrees in Paris.");
  });

  it("reads what a client says of the choice", async () => {
    server.runs(answers("Hello."));
    const asked = async (more: object) => {
      await client.chat.completions.create({ model: "atomic", messages, tools: [chatTool], ...more });
      return server.jobs.last()?.request;
    };
    expect((await asked({ tool_choice: "required" }))?.tools?.choice).toBe("required");
    expect((await asked({ tool_choice: chatTool }))?.tools?.choice).toEqual({ name: "get_weather" });
    const named = [{ type: "function", function: { name: "get_weather" } }];
    const time = { type: "function", function: { name: "get_time" } };
    const some = { type: "allowed_tools", allowed_tools: { mode: "required", tools: named } };
    expect((await asked({ tools: [time, chatTool], tool_choice: some }))?.tools).toEqual({
      ...offered,
      choice: "required",
    });
    await client.responses.create({
      model: "atomic",
      input: "How is Paris?",
      tools: [
        { type: "function", name: "get_time", parameters, strict: false },
        { type: "function", ...weather, strict: false },
      ],
      tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "get_weather" }] },
    });
    expect(server.jobs.last()?.request.tools).toEqual(offered);
    expect((await asked({ tool_choice: "none", parallel_tool_calls: false }))?.tools).toMatchObject({
      choice: "none",
      parallel: false,
    });
    expect((await asked({ tools: [], tool_choice: "auto" }))?.tools).toBeUndefined();
    const strict = { type: "function", function: { name: "now", strict: true } };
    expect((await asked({ tools: [strict] }))?.tools?.offered).toEqual([
      { name: "now", description: "", parameters: { type: "object", properties: {} }, strict: true },
    ]);
  });
});

describe("tools in responses, by the openai SDK", () => {
  const tools = [{ type: "function" as const, strict: true, ...weather }];

  it("are output items, and their results input items", async () => {
    server.runs(asksFor([call], "Let me look."));
    const first = await client.responses.create({ model: "atomic", input: messages, tools });
    expect(first.output.map(({ type }) => type)).toEqual(["message", "function_call"]);
    expect(first.output[1]).toMatchObject({ call_id: "call_1", name: "get_weather", arguments: call.arguments });
    expect(first.tools).toEqual([{ type: "function", strict: true, ...weather }]);
    server.runs(answers("Sunny."));
    const second = await client.responses.create({
      model: "atomic",
      tools,
      input: [
        ...messages,
        ...first.output,
        { type: "function_call_output", call_id: "call_1", output: [{ type: "input_text", text: "sunny" }] },
      ] as OpenAI.Responses.ResponseInput,
    });
    expect(second.output_text).toBe("Sunny.");
    const job = server.jobs.last();
    expect(job?.request.input).toEqual({
      type: "messages",
      messages: [
        ...messages,
        { role: "assistant", content: "Let me look.", calls: [call] },
        { role: "tool", content: "sunny", call: "call_1" },
      ],
    });
    const items = await client.responses.inputItems.list(`resp_${job?.id}`);
    expect(items.data.map(({ type }) => type)).toEqual(["message", "message", "function_call", "function_call_output"]);
  });

  it("stream as events that the SDK assembles, numbered in order", async () => {
    server.runs(asksFor([call, { ...call, id: "call_2", arguments: '{"city":"Rome"}' }]));
    const stream = client.responses.stream({ model: "atomic", input: messages, tools });
    const types: string[] = [];
    const numbers: number[] = [];
    for await (const event of stream) {
      types.push(event.type.replace("response.", ""));
      numbers.push(event.sequence_number);
    }
    const ofCall = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done"];
    expect(types).toEqual([
      "created",
      "in_progress",
      ...[...ofCall, "output_item.done"],
      ...[...ofCall, "output_item.done"],
      "completed",
    ]);
    expect(numbers).toEqual(numbers.map((_, i) => i));
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([{ arguments: '{"city":"Paris"}' }, { arguments: '{"city":"Rome"}' }]);
  });

  it("keep calls that follow each other in one turn", async () => {
    server.runs(answers("Sunny."));
    const asked = (id: string) => ({
      type: "function_call" as const,
      call_id: id,
      name: "get_weather",
      arguments: "{}",
    });
    const gave = (id: string) => ({ type: "function_call_output" as const, call_id: id, output: id });
    await client.responses.create({
      model: "atomic",
      tools,
      input: [...messages, asked("a"), asked("b"), gave("b"), gave("a"), asked("c"), gave("c")],
    });
    const { input } = server.jobs.last()?.request ?? {};
    expect(input?.type === "messages" && input.messages.map((m) => ("calls" in m ? m.calls?.length : m.role))).toEqual([
      "user",
      2,
      "tool",
      "tool",
      1,
      "tool",
    ]);
  });
});

describe("tools by the AI SDK", () => {
  const tools = {
    get_weather: tool({
      description: "The weather of a place.",
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `20 degrees in ${city}`,
    }),
  };

  it.each([
    ["responses", () => createOpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic")],
    [
      "chat",
      () => createOpenAICompatible({ name: "atomic", baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic"),
    ],
  ])("go round its loop, whole and streamed, over %s", async (_, model) => {
    server.runs((job) => {
      const { input } = job.request;
      const given = input.type === "messages" ? input.messages.find((m) => m.role === "tool") : undefined;
      return (given === undefined ? asksFor([call]) : answers(`It is ${given.content}.`))(job);
    });
    const asked = { model: model(), prompt: "How is Paris?", tools, stopWhen: isStepCount(3) };
    const whole = await generateText(asked);
    expect(whole.text).toBe("It is 20 degrees in Paris.");
    expect(whole.steps).toHaveLength(2);
    const streamed = streamText(asked);
    expect(await streamed.text).toBe("It is 20 degrees in Paris.");
  });
});

describe("tools of the native API", () => {
  it("are offered, called and answered in its own words", async () => {
    server.runs(asksFor([call]));
    const body = { messages, tools: [weather], toolChoice: { name: "get_weather" }, parallelCalls: false };
    const response = await server.ask("/v1/jobs?wait=true", { body });
    expect((await response.json()).answer).toMatchObject({ text: "", calls: [call] });
    expect(server.jobs.last()?.request).toMatchObject({
      tools: { offered: [weather], choice: { name: "get_weather" }, parallel: false },
      delivery: "accepted",
    });
    server.runs(answers("Sunny."));
    const turns = [
      ...messages,
      { role: "assistant", content: "", calls: [call] },
      { role: "tool", content: "sunny", call: "call_1" },
    ];
    await server.ask("/v1/jobs?wait=true", { body: { messages: turns, tools: [weather] } });
    expect(server.jobs.last()?.request.input).toEqual({ type: "messages", messages: turns });
  });
});

const chat = "/v1/chat/completions";
const bad = { status: 400, code: "invalid-request" } as const;
const native = (more: object) => ({ messages, tools: [weather], ...more });

describe("tools that are refused", () => {
  const cases: Refused[] = [
    {
      ...bad,
      what: "a choice without tools",
      body: { messages, toolChoice: "auto" },
      field: "tools",
      says: /go with "tools"/,
    },
    {
      ...bad,
      what: "a name nobody has",
      body: native({ toolChoice: { name: "x" } }),
      field: "toolChoice",
      says: /no tool is named "x"/,
    },
    {
      ...bad,
      what: "a name with a space",
      body: native({ tools: [{ name: "a b" }] }),
      field: "tools[0].name",
      says: /letters, digits/,
    },
    {
      ...bad,
      what: "two of a name",
      body: native({ tools: [weather, weather] }),
      field: "tools[1].name",
      says: /name them apart/,
    },
    {
      ...bad,
      what: "no schema",
      code: "invalid-contract",
      body: native({ tools: [{ name: "a", parameters: { type: "objekt" } }] }),
      field: "tools[0].parameters.type",
      says: /must/,
    },
    {
      ...bad,
      what: "arguments that are no object",
      body: native({ tools: [{ name: "a", parameters: { type: "string" } }] }),
      field: "tools[0].parameters.type",
      says: /arguments are an object/,
    },
    { ...bad, what: "a plan beside them", body: native({ plan: "auto" }), field: "tools", says: /one microtask/ },
    { ...bad, what: "another kind", body: native({ kind: "summarise" }), field: "tools", says: /only kind "answer"/ },
    {
      ...bad,
      what: "answers to be merged",
      body: native({ strategy: "fusion" }),
      field: "strategy",
      says: /cannot be merged/,
    },
    {
      ...bad,
      what: "a result without a call",
      body: { messages: [...messages, { role: "tool", content: "x", call: "c" }] },
      field: "messages[1].call",
      says: /No call before it/,
    },
    {
      ...bad,
      what: "a call without a result",
      body: { messages: [{ role: "assistant", content: "", calls: [call] }, ...messages] },
      field: "messages[1]",
      says: /"call_1" has no result/,
    },
    {
      ...bad,
      what: "a result given twice",
      body: {
        messages: [
          ...messages,
          { role: "assistant", content: "", calls: [call] },
          { role: "tool", content: "x", call: "call_1" },
          { role: "tool", content: "y", call: "call_1" },
        ],
      },
      field: "messages[3].call",
      says: /No call before it/,
    },
    {
      ...bad,
      what: "calls of a user",
      body: { messages: [{ ...messages[0], calls: [call] }] },
      field: "messages[0].calls",
      says: /Unknown field/,
    },
  ];
  itRefuses(cases);

  it.each([
    [
      "a tool of OpenAI's own",
      "/v1/responses",
      { input: "x", tools: [{ type: "web_search" }] },
      "tools[0].type",
      /runs none itself/,
    ],
    ["a function without a name", chat, { messages, tools: [{ type: "function" }] }, "tools[0]", /needs a name/],
    ["a choice without tools", chat, { messages, tool_choice: "required" }, "tool_choice", /Offer functions/],
    [
      "a choice of no known form",
      chat,
      { messages, tools: [chatTool], tool_choice: { type: "allowed_tools" } },
      "tool_choice",
      /one function by its name/,
    ],
    [
      "a choice among tools of which one is not offered",
      "/v1/responses",
      {
        input: messages,
        tools: [chatTool],
        tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "x" }] },
      },
      "tool_choice",
      /No tool is named "x"/,
    ],
    [
      "a call of before calls had ids",
      chat,
      { messages: [...messages, { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } }] },
      "messages[1].function_call",
      /"tool_calls"/,
    ],
    [
      "a tool nobody offers",
      chat,
      { messages, tools: [chatTool], tool_choice: { type: "function", function: { name: "x" } } },
      "tool_choice",
      /no tool is named "x"/,
    ],
    [
      "a bad name",
      chat,
      { messages, tools: [{ type: "function", function: { name: "a b" } }] },
      "tools[0].function.name",
      /letters, digits/,
    ],
    [
      "a result without a call",
      chat,
      { messages: [...messages, { role: "tool", tool_call_id: "c", content: "x" }] },
      "messages[1].tool_call_id",
      /No call before it/,
    ],
    [
      "a result without a call",
      "/v1/responses",
      { input: [...messages, { type: "function_call_output", call_id: "c", output: "x" }] },
      "input[1].call_id",
      /No call before it/,
    ],
    [
      "half a call",
      "/v1/responses",
      { input: [...messages, { type: "function_call", call_id: "c" }] },
      "input[1].type",
      /without its call_id, name/,
    ],
  ])("of OpenAI's dialect: %s", async (_, path, body, param, says) => {
    const response = await server.ask(path, { body: { model: "atomic", ...body } });
    const { error } = await response.json();
    expect({ status: response.status, param: error.param }).toEqual({ status: 400, param });
    expect(error.message).toMatch(says);
  });
});
