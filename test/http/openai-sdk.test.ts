import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
} from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { answers, begin, fail, refuses, settle, started, streamed } from "./scripts.ts";

const server = testServer();
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
let client: OpenAI;

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => server.app.fetch(request));
  client = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(() => loopback.close());

const messages = [{ role: "user" as const, content: "Say hello." }];

describe("the openai SDK over a socket", () => {
  it("gets a completion", async () => {
    server.runs(answers("Hello."));
    const { data, response, request_id } = await client.chat.completions
      .create({ model: "atomic", messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello.");
    expect(data.usage?.total_tokens).toBe(17);
    expect(response.headers.get("atomic-job-id")).toBe(server.jobs.last()?.id);
    expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("streams, with usage", async () => {
    server.runs(answers("One two three", ["One ", "two ", "three"]));
    const stream = await client.chat.completions.create({
      model: "atomic/fast",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts: string[] = [];
    let usage: unknown = null;
    for await (const chunk of stream) {
      texts.push(chunk.choices[0]?.delta.content ?? "");
      usage = chunk.usage ?? usage;
    }
    expect(texts.filter((t) => t !== "")).toEqual(["One ", "two ", "three"]);
    expect(usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
  });

  it("assembles a stream into a message", async () => {
    server.runs(answers("Hello there.", ["Hello ", "there."]));
    const runner = client.chat.completions.stream({ model: "atomic", messages });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "Hello there." } });
  });

  it("parses structured output by a zod schema", async () => {
    const Event = z.object({ name: z.string(), people: z.array(z.string()) });
    server.runs(answers('{"name":"Fair","people":["Ada"]}', undefined, { name: "Fair", people: ["Ada"] }));
    const completion = await client.chat.completions.parse({
      model: "atomic",
      messages,
      response_format: zodResponseFormat(Event, "event"),
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ name: "Fair", people: ["Ada"] });
    expect(server.jobs.last()?.request.contract.schema).toMatchObject({ type: "object", required: ["name", "people"] });
  });

  it.each([
    ["END", ["END"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [[], undefined],
    [null, undefined],
  ])("hands on stop sequences: %j", async (stop, asked) => {
    server.runs(answers("Hello."));
    await client.chat.completions.create({ model: "atomic", messages, stop });
    expect(server.jobs.last()?.request.stop).toEqual(asked);
  });

  it("deletes a response", async () => {
    server.runs(answers("Hello."));
    const { id } = await client.responses.create({ model: "atomic", input: "Say hello." });
    await client.responses.delete(id);
    expect(server.jobs.last()?.erased).toBe(true);
    await expect(client.responses.delete("resp_nobody")).rejects.toBeInstanceOf(NotFoundError);
  });

  it("lists and retrieves models", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain("atomic");
    expect((await client.models.retrieve("atomic/best")).owned_by).toBe("atomic");
    expect((await client.models.retrieve("openai/small")).id).toBe("openai/small");
  });

  it("throws its own error classes", async () => {
    const stranger = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: "wrong", maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError);
    await expect(client.chat.completions.create({ model: "gpt-99", messages })).rejects.toMatchObject({
      constructor: NotFoundError,
      code: "model_not_found",
      param: "model",
    });
    await expect(client.chat.completions.create({ model: "atomic", messages: [] })).rejects.toBeInstanceOf(
      BadRequestError,
    );
    await expect(client.embeddings.create({ model: "atomic", input: "x" })).rejects.toMatchObject({
      constructor: NotFoundError,
      code: "not_found",
      message: expect.stringContaining("There is nothing at POST /v1/embeddings."),
    });
    await expect(client.files.list()).rejects.toMatchObject({ constructor: NotFoundError, code: "not_found" });
    await expect(client.conversations.create({})).rejects.toMatchObject({ code: "not_found" });
    server.runs(refuses("bidders-failed", "All bidders failed. Try later."));
    await expect(client.chat.completions.create({ model: "atomic", messages })).rejects.toMatchObject({
      constructor: InternalServerError,
      status: 502,
      code: "bidders_failed",
    });
    await expect(client.chat.completions.create({ model: "atomic", messages, stream: true })).rejects.toMatchObject({
      constructor: InternalServerError,
      status: 502,
    });
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json();
    const tenant = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: key, maxRetries: 0 });
    await expect(tenant.delete("/bidders/openai/small")).rejects.toBeInstanceOf(PermissionDeniedError);
  });

  it("throws out of a stream that fails after text was sent", async () => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      fail(job, "bidders-failed", "The connection was lost.");
    });
    const stream = await client.chat.completions.create({ model: "atomic", messages, stream: true });
    const texts: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? "");
    })();
    await expect(reading).rejects.toBeInstanceOf(APIError);
    expect(texts.join("")).toBe("Hel");
  });

  it("does not pay again for what a retry cannot mend", async () => {
    const retrying = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey, maxRetries: 2 });
    server.runs((job) => {
      begin(job);
      const error = { code: "invalid-request", reason: "context-length", message: "It is too long." } as const;
      job.write({ type: "job-ended", status: "failed", error });
      settle(job);
    });
    const tooLong = server.jobs.jobs.size;
    const asked = retrying.chat.completions.create({ model: "atomic", messages });
    await expect(asked).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect(server.jobs.jobs.size).toBe(tooLong + 1);
    server.runs(refuses("parked", "The job is parked."));
    const before = server.jobs.jobs.size;
    await expect(retrying.chat.completions.create({ model: "atomic", messages })).rejects.toMatchObject({
      status: 422,
    });
    expect(server.jobs.jobs.size).toBe(before + 1);
  });

  it.each([true, false])("leaves: the job is cancelled only if it asked for that (%s)", async (asked) => {
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
    });
    const body = { model: "atomic", messages, stream: true as const, atomic: { cancel_on_disconnect: asked } };
    const stream = await client.chat.completions.create(body);
    const job = server.jobs.last();
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === "Hel") break;
    await vi.waitFor(() => expect(job?.streams.size).toBe(0));
    if (asked) await vi.waitFor(() => expect(job?.cancelled).toBe("disconnect"));
    else expect(job?.cancelled).toBeNull();
  });
});
