import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  ContentTooLargeError,
  InternalServerError,
  NotFoundError,
  PaymentRequiredError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { APICallError, generateText, isStepCount, Output, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { ErrorCode } from "../../src/error.ts";
import { twoModels } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { answers, asksFor, begin, fail, refuses, settle, started, streamed } from "./scripts.ts";

const server = testServer({ bidders: twoModels.map((bidder) => ({ ...bidder, images: "data" as const })) });
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
let client: Anthropic;
let asked = 0;

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => {
    asked += 1;
    return server.app.fetch(request);
  });
  client = new Anthropic({ baseURL: loopback.url, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(() => loopback.close());

const messages = [{ role: "user" as const, content: "Say hello." }];
const ask = { model: "atomic", max_tokens: 100, messages };
const text = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe("the anthropic SDK over a socket", () => {
  it("gets a message", async () => {
    server.runs(answers("Hello."));
    const { data, response, request_id } = await client.messages.create(ask).withResponse();
    expect(text(data)).toBe("Hello.");
    expect([data.stop_reason, data.usage.input_tokens, data.usage.output_tokens]).toEqual(["end_turn", 12, 5]);
    expect(response.headers.get("atomic-job-id")).toBe(server.jobs.last()?.id);
    expect(request_id).toBe(response.headers.get("x-request-id"));
  });

  it("streams, and assembles the stream into the message it would have got", async () => {
    server.runs(answers("One two three", ["One ", "two ", "three"], undefined, "length"));
    const stream = client.messages.stream({ ...ask, model: "atomic/fast" });
    const texts: string[] = [];
    stream.on("text", (delta) => texts.push(delta));
    const message = await stream.finalMessage();
    expect(texts).toEqual(["One ", "two ", "three"]);
    expect([text(message), message.stop_reason]).toEqual(["One two three", "max_tokens"]);
    expect(message.usage).toMatchObject({ input_tokens: 12, output_tokens: 5, cache_read_input_tokens: 0 });
  });

  it("speaks its beta namespace, bearer tokens and the model list", async () => {
    server.runs(answers("Hello."));
    const bearer = new Anthropic({ baseURL: loopback.url, authToken: operatorKey, apiKey: null, maxRetries: 0 });
    const message = await bearer.beta.messages.create({ ...ask, betas: ["context-management-2025-06-27"] });
    expect(message.content[0]).toMatchObject({ type: "text", text: "Hello." });
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual([
      "atomic",
      "atomic/cheap",
      "atomic/fast",
      "atomic/best",
      "openai/small",
      "workers-ai/@cf/meta/llama",
    ]);
    expect(await client.models.retrieve("atomic/best")).toMatchObject({ type: "model", id: "atomic/best" });
    await expect(client.models.retrieve("claude-x")).rejects.toBeInstanceOf(NotFoundError);
  });

  it("counts tokens", async () => {
    expect(await client.messages.countTokens({ model: "atomic", messages })).toEqual({ input_tokens: 7 });
  });

  it("parses structured output by a zod schema", async () => {
    const Event = z.object({ name: z.string(), people: z.array(z.string()) });
    server.runs(answers('{"name":"Fair","people":["Ada"]}', undefined, { name: "Fair", people: ["Ada"] }));
    const message = await client.messages.parse({ ...ask, output_config: { format: zodOutputFormat(Event) } });
    expect(message.parsed_output).toEqual({ name: "Fair", people: ["Ada"] });
    expect(server.jobs.last()?.request.contract.schema).toMatchObject({ type: "object", required: ["name", "people"] });
  });

  it("shows pictures, those of results too", async () => {
    server.runs(answers("A lamp."));
    const image = {
      type: "image" as const,
      source: { type: "base64" as const, media_type: "image/png" as const, data: "iVBORw0KGgo=" },
    };
    const url = "data:image/png;base64,iVBORw0KGgo=";
    await client.messages.create({
      ...ask,
      messages: [
        { role: "user", content: [image, { type: "text", text: "What is this?" }] },
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "look", input: { closely: true } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "Here:" }, image] },
            { type: "text", text: "And?" },
          ],
        },
      ],
    });
    const below = "A picture of the result of c1:";
    expect(server.jobs.last()?.request.input).toEqual({
      type: "messages",
      messages: [
        { role: "user", content: "What is this?", images: [{ at: 0, url }] },
        { role: "assistant", content: "", calls: [{ id: "c1", name: "look", arguments: '{"closely":true}' }] },
        { role: "tool", call: "c1", content: "Here:\n(A picture: see below.)" },
        { role: "user", content: `${below}\nAnd?`, images: [{ at: below.length, url }] },
      ],
    });
  });

  it("throws what it has for a wrong key", async () => {
    const stranger = new Anthropic({ baseURL: loopback.url, apiKey: "wrong", maxRetries: 0 });
    await expect(stranger.messages.create(ask)).rejects.toBeInstanceOf(AuthenticationError);
  });

  it.each<[ErrorCode, number, new (...args: never[]) => APIError, string]>([
    ["invalid-request", 400, BadRequestError, "invalid_request_error"],
    ["budget-exceeded", 402, PaymentRequiredError, "billing_error"],
    ["forbidden", 403, PermissionDeniedError, "permission_error"],
    ["not-approved", 409, ConflictError, "invalid_request_error"],
    ["gone", 410, APIError, "not_found_error"],
    ["too-large", 413, ContentTooLargeError, "request_too_large"],
    ["not-accepted", 422, UnprocessableEntityError, "api_error"],
    ["rate-limited", 429, RateLimitError, "rate_limit_error"],
    ["bidders-failed", 502, InternalServerError, "api_error"],
  ])("throws %s as what it is", async (code, status, kind, type) => {
    server.runs(refuses(code, "It did not work. Try less."));
    const error = await client.messages.create(ask).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, type, apiMessage: "It did not work. Try less." });
    expect((error as APIError).requestID).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("throws when a stream breaks off, and says why", async () => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      fail(job, "bidders-failed", "All failed.");
    });
    const texts: string[] = [];
    const stream = client.messages.stream(ask).on("text", (delta) => texts.push(delta));
    const error = await stream.finalMessage().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(String(error)).toContain("All failed.");
    expect(texts).toEqual(["Hel"]);
  });

  it("cancels the job when it leaves, where the job asks for that", async () => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      job.onCancel = () => settle(job);
    });
    const more = { atomic: { cancel_on_disconnect: true } };
    const stream = client.messages.stream({ ...ask, ...more });
    await new Promise<void>((resolve) => stream.on("text", () => resolve()));
    stream.abort();
    await stream.done().catch(() => {});
    await vi.waitFor(() => expect(server.jobs.last()?.cancelled).toBe("disconnect"));
  });
});

const parameters = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const weather = { name: "get_weather", description: "The weather of a place.", input_schema: parameters };
const call = { id: "call_1", name: "get_weather", arguments: '{"city":"Paris"}' };
/** Calls once, and then says what it was told. */
const looksOnce: Parameters<typeof server.runs>[0] = (job) => {
  const { input } = job.request;
  const given = input.type === "messages" ? input.messages.find((m) => m.role === "tool") : undefined;
  return (given === undefined ? asksFor([call], "Let me look.") : answers(`It is ${given.content}.`))(job);
};

describe("tools by the anthropic SDK", () => {
  it("are offered, called and answered", async () => {
    server.runs(looksOnce);
    const tools = [{ ...weather, strict: true }];
    const first = await client.messages.create({ ...ask, tools });
    expect(first).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "Let me look." },
        { type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Paris" } },
      ],
    });
    const offered = [{ name: "get_weather", description: weather.description, parameters, strict: true }];
    expect(server.jobs.last()?.request.tools).toEqual({ offered, choice: "auto", parallel: true });
    const second = await client.messages.create({
      ...ask,
      tools,
      tool_choice: { type: "none" },
      messages: [
        ...messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "sunny", is_error: true }] },
      ],
    });
    expect([text(second), second.stop_reason]).toEqual(["It is The call failed: sunny.", "end_turn"]);
    const { input, tools: now } = server.jobs.last()?.request ?? {};
    expect(now?.choice).toBe("none");
    expect(input?.type === "messages" && input.messages).toEqual([
      ...messages,
      { role: "assistant", content: "Let me look.", calls: [call] },
      { role: "tool", content: "The call failed: sunny", call: "call_1" },
    ]);
  });

  it.each([
    [{ type: "auto" as const }, "auto", true],
    [{ type: "any" as const, disable_parallel_tool_use: true }, "required", false],
    [{ type: "tool" as const, name: "get_weather" }, { name: "get_weather" }, true],
  ])("are chosen by %j", async (tool_choice, choice, parallel) => {
    server.runs(asksFor([call]));
    await client.messages.create({ ...ask, tools: [weather], tool_choice });
    expect(server.jobs.last()?.request.tools).toMatchObject({ choice, parallel });
  });

  it("go round the SDK's own loop, whole and streamed", async () => {
    server.runs(looksOnce);
    for (const stream of [false, true]) {
      const runner = client.beta.messages.toolRunner({
        ...ask,
        stream,
        tools: [
          {
            ...weather,
            type: "custom" as const,
            parse: (given: unknown) => given as { city: string },
            run: ({ city }: { city: string }) => `20 degrees in ${city}`,
          },
        ],
      });
      const last = await runner.runUntilDone();
      expect(last.content).toMatchObject([{ type: "text", text: "It is 20 degrees in Paris." }]);
    }
  });

  it("that are deferred are offered once a search has found them, or while a turn has them added", async () => {
    server.runs(answers("Hello."));
    const tools = [
      { name: "find", input_schema: parameters },
      { ...weather, defer_loading: true },
    ];
    const namesAfter = async (...turns: object[]) => {
      const body = {
        ...ask,
        tools,
        messages: [...messages, ...turns, ...messages],
      } as Anthropic.MessageCreateParamsNonStreaming;
      await client.messages.create(body);
      return server.jobs.last()?.request.tools?.offered.map(({ name }) => name);
    };
    expect(await namesAfter()).toEqual(["find"]);
    const found = [
      { role: "assistant", content: [{ type: "tool_use", id: "c", name: "find", input: { city: "weather" } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c", content: [{ type: "tool_reference", tool_name: "get_weather" }] },
        ],
      },
    ];
    expect(await namesAfter(...found)).toEqual(["find", "get_weather"]);
    const change = (type: string, tool: object) => ({ role: "system", content: [{ type, tool }] });
    const named = { type: "tool_reference", name: "get_weather" };
    expect(await namesAfter(change("tool_addition", named))).toEqual(["find", "get_weather"]);
    expect(await namesAfter(change("tool_addition", named), change("tool_removal", named))).toEqual(["find"]);
    const definition = { ...weather, name: "get_time" };
    expect(await namesAfter(change("tool_addition", { type: "tool_definition", definition }))).toEqual([
      "find",
      "get_time",
    ]);
  });
});

describe("the AI SDK's Anthropic client", () => {
  const model = () => createAnthropic({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic");

  it("gets texts, whole and streamed", async () => {
    server.runs(answers("One two three", ["One ", "two ", "three"]));
    const whole = await generateText({
      model: model(),
      maxOutputTokens: 100,
      prompt: "Hi",
      stopSequences: ["END"],
      topK: 3,
    });
    expect([whole.text, whole.finishReason, whole.usage.inputTokens]).toEqual(["One two three", "stop", 12]);
    const streamed = streamText({ model: model(), maxOutputTokens: 100, prompt: "Hi" });
    expect(await streamed.text).toBe("One two three");
    expect(await streamed.usage).toMatchObject({ inputTokens: 12, outputTokens: 5 });
  });

  it("goes round its loop of tools, whole and streamed", async () => {
    server.runs(looksOnce);
    const tools = {
      get_weather: tool({
        description: "The weather of a place.",
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => `20 degrees in ${city}`,
      }),
    };
    const loop = { model: model(), maxOutputTokens: 100, prompt: "How is Paris?", tools, stopWhen: isStepCount(3) };
    const whole = await generateText(loop);
    expect([whole.text, whole.steps.length]).toEqual(["It is 20 degrees in Paris.", 2]);
    expect(await streamText(loop).text).toBe("It is 20 degrees in Paris.");
  });

  it.each(["outputFormat", "jsonTool"] as const)("gets objects by %s", async (structuredOutputMode) => {
    const value = { n: 1 };
    server.runs((job) =>
      (job.request.tools === undefined
        ? answers('{"n":1}', undefined, value)
        : asksFor([{ id: "c1", name: "json", arguments: '{"n":1}' }]))(job),
    );
    const { output } = await generateText({
      model: model(),
      maxOutputTokens: 100,
      prompt: "One, as JSON.",
      output: Output.object({ schema: z.object({ n: z.number() }) }),
      providerOptions: { anthropic: { structuredOutputMode } },
    });
    expect(output).toEqual(value);
    expect(server.jobs.last()?.request.contract.schema !== undefined).toBe(structuredOutputMode === "outputFormat");
  });
});

/** As they come: with the retries that their makers chose. */
const impatient: Record<string, () => Promise<unknown>> = {
  "@anthropic-ai/sdk": () => new Anthropic({ baseURL: loopback.url, apiKey: operatorKey }).messages.create(ask),
  "@ai-sdk/anthropic": () =>
    generateText({
      model: createAnthropic({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic"),
      prompt: "Hi",
    }),
};
it.each(
  Object.keys(impatient).flatMap((name) =>
    (["not-accepted", "deadline-exceeded", "parked", "budget-exceeded"] as const).map((code): [string, ErrorCode] => [
      name,
      code,
    ]),
  ),
)("%s does not pay again on its own for a job that ended as %s", async (name, code) => {
  server.runs(refuses(code, "It did not work. Try less."));
  asked = 0;
  const error = await impatient[name]?.().catch((thrown: unknown) => thrown);
  expect(String((error as Error).message)).toContain("It did not work. Try less.");
  if (APICallError.isInstance(error)) expect(error.isRetryable).toBe(false);
  expect(asked).toBe(1);
});
