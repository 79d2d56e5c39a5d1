import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output, streamText } from "ai";
import OpenAI, { InternalServerError, NotFoundError } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AtomicError } from "../../src/error.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { SseReader } from "./read-sse.ts";
import { answers, begin, fail, finished, joined, refuses, stalls, started, streamed, succeed } from "./scripts.ts";

const server = testServer();
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
let client: OpenAI;

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => server.app.fetch(request));
  client = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(() => loopback.close());

const input = "Say hello.";

describe("responses by the openai SDK", () => {
  it.each([
    [{ type: "message", role: "critic", content: "Hi" }, "input[0].role", '"input[0].role" must be one of "system"'],
    [{ type: "message", content: "Hi" }, "input[0].role", '"input[0].role"'],
    [{ type: "item_reference", id: "msg_1" }, "input[0].type", 'an item of type "item_reference"'],
    [{ type: "function_call", name: "f" }, "input[0].type", "without its call_id"],
  ])("are told what is wrong with an item of the input: %o", async (item, param, says) => {
    const { error } = await (
      await server.ask("/v1/responses", { body: { model: "atomic", input: [item, { role: "user", content: "Hi" }] } })
    ).json();
    expect(error).toMatchObject({ code: "invalid_request", param });
    expect(error.message).toContain(says);
  });

  it("takes instructions as long as an agent's are", async () => {
    const instructions = "Be careful with lamps. ".repeat(2000);
    const response = await client.responses.create({ model: "atomic", input, instructions });
    expect(response.instructions).toBe(instructions);
  });

  it("names the one bidder that may answer, and the market where several may", async () => {
    const named = async (bidders: string[]) => {
      const body = { model: "atomic", input: "Hi", atomic: { bidders } };
      const { model, atomic } = await (await server.ask("/v1/responses", { body })).json();
      return [model, atomic.bidder];
    };
    const { data } = await (await server.ask("/v1/models")).json();
    const [one = "", other = ""] = data
      .map((model: { id: string }) => model.id)
      .filter((id: string) => !id.startsWith("atomic"));
    expect(await named([one])).toEqual([one, expect.any(String)]);
    expect((await named([one, other]))[0]).toBe("atomic");
    expect((await named([other, one]))[0]).toBe("atomic");
  });

  it("are whole objects", async () => {
    server.runs(answers("Hello."));
    const response = await client.responses.create({ model: "atomic", input, instructions: "Be brief." });
    const job = server.jobs.last();
    expect(response.output_text).toBe("Hello.");
    expect(response).toMatchObject({
      id: `resp_${job?.id}`,
      object: "response",
      status: "completed",
      model: "atomic",
      instructions: "Be brief.",
      usage: { input_tokens: 12, output_tokens: 5, total_tokens: 17 },
    });
    expect(job?.request).toMatchObject({ instruction: "Be brief.", delivery: "accepted", leaderChange: "restart" });
  });

  it("pass top_p on and say it, and refuse log probabilities", async () => {
    server.runs(answers("Hello."));
    const response = await client.responses.create({ model: "atomic", input, top_p: 0.4 });
    expect([response.top_p, server.jobs.last()?.request.sampling]).toEqual([0.4, { topP: 0.4 }]);
    const refused = await server.ask("/v1/responses", { body: { model: "atomic", input, top_logprobs: 3 } });
    expect([refused.status, (await refused.json()).error.param]).toEqual([400, "top_logprobs"]);
  });

  it("are incomplete when the tokens did not suffice", async () => {
    server.runs(answers("Hel", ["Hel"], "Hel", "length"));
    const response = await client.responses.create({ model: "atomic", input, max_output_tokens: 1 });
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  });

  it("stream all events in their order, numbered from 0", async () => {
    server.runs(answers("Hello there.", ["Hello ", "there."]));
    const types: string[] = [];
    const numbers: number[] = [];
    for await (const event of await client.responses.create({ model: "atomic", input, stream: true })) {
      types.push(event.type.replace("response.", ""));
      numbers.push(event.sequence_number);
    }
    expect(types).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
    expect(numbers).toEqual(types.map((_, i) => i));
    const final = await client.responses.stream({ model: "atomic", input }).finalResponse();
    expect(final.output_text).toBe("Hello there.");
  });

  it("parse by a zod schema", async () => {
    server.runs(answers('```json\n{"n":1}\n```', undefined, { n: 1 }));
    const response = await client.responses.parse({
      model: "atomic",
      input,
      text: { format: zodTextFormat(z.object({ n: z.int() }), "number") },
    });
    expect(response.output_parsed).toEqual({ n: 1 });
  });

  it("run in the background: polled, resumed from any event, the same events each time", async () => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hello "));
    });
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    const job = server.jobs.last();
    expect((await client.responses.retrieve(id)).status).toBe("in_progress");
    const events: unknown[] = [];
    const live = await client.responses.retrieve(id, { stream: true });
    for await (const event of live) {
      events.push(event);
      if (event.type !== "response.output_text.delta" || job === undefined || event.delta !== "Hello ") continue;
      job.write(streamed("a1", 6, "there."), finished("a1", "Hello there."), joined("a1", "Hello there."));
      succeed(job, "Hello there.");
    }
    expect(events).toHaveLength(10);
    expect((await client.responses.retrieve(id)).output_text).toBe("Hello there.");
    for (let seen = 0; seen < 10; seen++) {
      const again: unknown[] = [];
      for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: seen }))
        again.push(event);
      expect(again).toEqual(events.slice(seen + 1));
    }
    const items = await client.responses.inputItems.list(id);
    expect(items.data).toMatchObject([{ type: "message", role: "user", content: [{ text: input }] }]);
  });

  it("say nothing of a job whose log cannot be read for a while: who comes back misses no event", async () => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hello "));
    });
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    const job = server.jobs.last();
    if (job === undefined) throw new Error("no job was made");
    const { open } = server.ports.jobs;
    const reader = new SseReader(await server.ask(`/v1/responses/${id}?stream=true`));
    const read = async () => {
      const lines = (await reader.next()) ?? [];
      const data = lines.find((line) => line.startsWith("data:"));
      return data === undefined ? null : (JSON.parse(data.slice(5)) as { type: string; sequence_number: number });
    };
    let seen = await read();
    while (seen !== null && seen.type !== "response.output_text.delta") seen = await read();
    server.ports.jobs.open = async (...asked) => {
      const handle = await open(...asked);
      if (handle === null) return null;
      return { ...handle, events: () => Promise.reject(new AtomicError("rate-limited", "Too many readers.")) };
    };
    job.breakStreams();
    const last = await read();
    expect(last).toMatchObject({ type: "error", sequence_number: seen?.sequence_number });
    expect(await reader.next()).toBeNull();
    server.ports.jobs.open = open;
    job.write(streamed("a1", 6, "there."), finished("a1", "Hello there."), joined("a1", "Hello there."));
    succeed(job, "Hello there.");
    const rest: { type: string; sequence_number: number }[] = [];
    const after = last?.sequence_number ?? 0;
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: after }))
      rest.push(event);
    expect(rest[0]).toMatchObject({ sequence_number: after + 1, delta: "there." });
    expect(rest.at(-1)?.type).toBe("response.completed");
  });

  it("refuse to go on behind an event that is still to come, as the native route does", async () => {
    server.runs(stalls);
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    const ask = (after: number) => server.ask(`/v1/responses/${id}?stream=true&starting_after=${after}`);
    const refused = await ask(2);
    expect(refused.status).toBe(400);
    expect((await refused.json()).error).toMatchObject({ param: "starting_after", code: "invalid_request" });
    const last = await ask(1);
    expect(last.status).toBe(200);
    await last.body?.cancel();
  });

  it("are cancelled in the background", async () => {
    server.runs(stalls);
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    expect((await client.responses.cancel(id)).status).toBe("cancelled");
    expect((await client.responses.retrieve(id)).status).toBe("cancelled");
    expect(server.jobs.last()?.cancelled).toBe("client");
  });

  it("that have ended are not cancelled, and clients do not try it again", async () => {
    server.runs(answers("Hello."));
    const { id } = await client.responses.create({ model: "atomic", input });
    const refused = await server.ask(`/v1/responses/${id}/cancel`, { method: "POST" });
    expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([409, "false"]);
  });

  it("say that they failed: as an HTTP status, as an event after text, as a status when polled", async () => {
    server.runs(refuses("bidders-failed", "All failed. Try later."));
    await expect(client.responses.create({ model: "atomic", input })).rejects.toMatchObject({
      constructor: InternalServerError,
      status: 502,
    });
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    await vi.waitFor(async () =>
      expect(await client.responses.retrieve(id)).toMatchObject({
        status: "failed",
        error: { code: "server_error", message: "All failed. Try later." },
      }),
    );
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      fail(job, "bidders-failed", "The connection was lost.");
    });
    const last: { type: string }[] = [];
    for await (const event of await client.responses.create({ model: "atomic", input, stream: true })) last.push(event);
    expect(last.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed", output: [] } });
    expect(last.some((e) => e.type === "response.completed")).toBe(false);
  });

  it("give a whole answer to who did not stream, though the leader changed", async () => {
    server.runs((job) => {
      begin(job);
      job.write(
        started("a1", "openai/small"),
        streamed("a1", 0, "Hel"),
        { type: "leader-changed", microtask: "answer", from: "a1", to: "a2", policy: "restart" },
        started("a2", "workers-ai/@cf/meta/llama", 1),
        streamed("a2", 0, "Good day."),
        finished("a2", "Good day."),
        joined("a2", "Good day."),
      );
      succeed(job, "Good day.");
    });
    const { id } = await client.responses.create({ model: "atomic", input, background: true });
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).output_text).toBe("Good day."));
  });

  it("of nobody are 404, and what cannot be read is named", async () => {
    await expect(client.responses.retrieve("resp_nope")).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.responses.retrieve("nope")).rejects.toBeInstanceOf(NotFoundError);
    const { error } = await (
      await server.ask("/v1/responses", { body: { model: "atomic", input: [{ type: "item_reference", id: "x" }] } })
    ).json();
    expect(error).toMatchObject({ param: "input[0].type", message: expect.stringContaining("item_reference") });
    const chained = await server.ask("/v1/responses", {
      body: { model: "atomic", input, previous_response_id: "resp_1" },
    });
    expect([chained.status, (await chained.json()).error.param]).toEqual([400, "previous_response_id"]);
    for (const kept of [{ conversation: "conv_1" }, { conversation: { id: "conv_1" } }, { prompt: { id: "pmpt_1" } }]) {
      const refused = await server.ask("/v1/responses", { body: { model: "atomic", input, ...kept } });
      expect([refused.status, (await refused.json()).error.param]).toEqual([400, Object.keys(kept)[0]]);
    }
  });
});

describe("the AI SDK", () => {
  const schema = z.object({ name: z.string() });

  it("talks through its OpenAI provider, which speaks responses", async () => {
    const atomic = createOpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey });
    server.runs(answers("Hello there.", ["Hello ", "there."]));
    expect((await generateText({ model: atomic("atomic"), prompt: input })).text).toBe("Hello there.");
    const result = streamText({ model: atomic("atomic"), prompt: input });
    const texts: string[] = [];
    for await (const text of result.textStream) texts.push(text);
    expect(texts).toEqual(["Hello ", "there."]);
    expect(await result.finishReason).toBe("stop");
    server.runs(answers('{"name":"Ada"}', undefined, { name: "Ada" }));
    const object = await generateText({ model: atomic("atomic"), prompt: input, output: Output.object({ schema }) });
    expect(object.output).toEqual({ name: "Ada" });
  });

  it("talks through its OpenAI-compatible provider, which speaks chat", async () => {
    const atomic = createOpenAICompatible({
      name: "atomic",
      baseURL: `${loopback.url}/v1`,
      apiKey: operatorKey,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
    server.runs(answers("Hello there.", ["Hello ", "there."]));
    const result = streamText({ model: atomic("atomic"), prompt: input });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    expect(text).toBe("Hello there.");
    expect((await result.usage).totalTokens).toBe(17);
    server.runs(answers('{"name":"Ada"}', undefined, { name: "Ada" }));
    const object = await generateText({ model: atomic("atomic"), prompt: input, output: Output.object({ schema }) });
    expect(object.output).toEqual({ name: "Ada" });
  });
});
