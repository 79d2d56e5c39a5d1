import { describe, expect, it, vi } from "vitest";
import { testServer } from "./memory-ports.ts";
import { SseReader } from "./read-sse.ts";
import {
  answers,
  begin,
  fail,
  failedAttempt,
  finished,
  joined,
  stalls,
  started,
  streamed,
  succeed,
} from "./scripts.ts";

const messages = [{ role: "user", content: "Say hello." }];
const chat = "/v1/chat/completions";
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };
const _json = { type: "json_schema", json_schema: { name: "n", strict: true, schema } };

describe("chat completions, streamed", () => {
  it("are framed byte for byte as OpenAI's are", async () => {
    const server = testServer();
    server.runs(answers("Hello, wörld.", ["Hello", ", wörld", "."]));
    const response = await server.ask(chat, {
      body: { model: "atomic", messages, stream: true, stream_options: { include_usage: true } },
    });
    const id = server.jobs.last()?.id;
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const head = `{"id":"chatcmpl-${id}","object":"chat.completion.chunk","created":1790000000,"model":"atomic"`;
    const chunk = (delta: string, finish = "null") =>
      `data: ${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}],"usage":null`;
    expect(await response.text()).toBe(
      [
        `${chunk('{"role":"assistant","content":"","refusal":null}')}}\n\n`,
        `${chunk('{"content":"Hello"}')}}\n\n`,
        `${chunk('{"content":", wörld"}')}}\n\n`,
        `${chunk('{"content":"."}')}}\n\n`,
        `${chunk("{}", '"stop"')},"atomic":{"job":"${id}","bidder":"openai/small","cost_usd":0.0000015}}\n\n`,
        `data: ${head},"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}\n\n`,
        "data: [DONE]\n\n",
      ].join(""),
    );
  });

  it("carry no usage unless it was asked for", async () => {
    const server = testServer();
    const text = await (await server.ask(chat, { body: { model: "atomic", messages, stream: true } })).text();
    expect(text).not.toContain("usage");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("pass text on while the model still writes", async () => {
    const server = testServer();
    server.runs(stalls);
    const asked = server.ask(chat, { body: { model: "atomic", messages, stream: true } });
    await vi.waitFor(() => expect(server.jobs.last()?.streams.size).toBe(1));
    const job = server.jobs.last();
    job?.write(streamed("a1", 0, "One"));
    const reader = new SseReader(await asked);
    await reader.next();
    expect((await reader.next())?.[0]).toContain('"delta":{"content":"One"}');
    job?.write(streamed("a1", 3, " two"));
    expect((await reader.next())?.[0]).toContain('"delta":{"content":" two"}');
    job?.write(finished("a1", "One two three", "length"), joined("a1", "One two three"));
    if (job !== undefined) succeed(job, "One two three");
    const rest = await reader.all();
    expect(rest[0]?.[0]).toContain('"delta":{"content":" three"}');
    expect(rest[1]?.[0]).toContain('"finish_reason":"length"');
    expect(rest[2]).toEqual(["data: [DONE]"]);
  });

  it("send nothing before it is accepted when there is something to check", async () => {
    const server = testServer();
    server.runs(answers("[1,2]", ["[1", ",2]"], [1, 2]));
    const body = {
      model: "atomic",
      messages,
      stream: true,
      atomic: { criteria: [{ type: "parses", language: "json" }] },
    };
    const frames = await new SseReader(await server.ask(chat, { body })).all();
    expect(server.jobs.last()?.request.delivery).toBe("accepted");
    expect(frames.filter((f) => f[0]?.includes('"content":"[1,2]"'))).toHaveLength(1);
    expect(frames).toHaveLength(4);
  });

  it.each([
    ['{"n": 1}', { n: 1 }, "[DONE]"],
    ['```json\n{"n": 1}\n```', { n: 1 }, "not the answer"],
    ['{"n": "1"}', { n: 1 }, "not the answer"],
  ])("of JSON that was sent live end as if whole only when it is the answer: %s", async (text, value, end) => {
    const server = testServer();
    server.runs(answers(text, [text.slice(0, 4), text.slice(4)], value));
    const schema = { type: "object", properties: { n: { type: "integer" } } };
    const response_format = { type: "json_schema", json_schema: { name: "n", schema } };
    const body = { model: "atomic", messages, stream: true, response_format, atomic: { delivery: "live" } };
    const frames = await new SseReader(await server.ask(chat, { body })).all();
    expect(frames.at(-1)?.[0]).toContain(end);
    expect(JSON.stringify(frames).includes('\\"finish_reason\\":\\"stop\\"')).toBe(end === "[DONE]");
  });

  it.each([
    [{ leader_change: "continue" }, { leaderChange: "continue", leaderChangeElse: "fail" }],
    [
      { leader_change: "continue", leader_change_else: "restart" },
      { leaderChange: "continue", leaderChangeElse: "restart" },
    ],
  ])("a stream with %o is a job with %o", async (atomic, wanted) => {
    const server = testServer();
    server.runs((job) => {
      job.write({ type: "job-ended", status: "cancelled" });
      job.close();
    });
    await (await server.ask(chat, { body: { model: "atomic", messages, stream: true, atomic } })).text();
    expect(server.jobs.last()?.request).toMatchObject(wanted);
  });

  it.each([
    [
      "another bidder takes over",
      (job: Parameters<typeof begin>[0]) => {
        job.write(
          failedAttempt("a1"),
          { type: "leader-changed", microtask: "answer", from: "a1", to: "a2", policy: "fail" },
          started("a2", "workers-ai/@cf/meta/llama", 1),
          streamed("a2", 0, "Good day."),
        );
        fail(job, "bidders-failed", "The leader changed.");
      },
    ],
    [
      "another's answer is accepted",
      (job: Parameters<typeof begin>[0]) => {
        job.write(
          started("a2", "workers-ai/@cf/meta/llama", 1),
          finished("a2", "Good day."),
          joined("a2", "Good day."),
        );
        succeed(job, "Good day.");
      },
    ],
    [
      "the job fails",
      (job: Parameters<typeof begin>[0]) => {
        job.write(failedAttempt("a1"));
        fail(job, "bidders-failed", "All failed.");
      },
    ],
    [
      "the job is cancelled",
      (job: Parameters<typeof begin>[0]) => {
        job.write({ type: "job-ended", status: "cancelled" });
        job.close();
      },
    ],
  ])("never end as if whole when %s after text was sent", async (_, goOn) => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      goOn(job);
    });
    const response = await server.ask(chat, { body: { model: "atomic", messages, stream: true } });
    expect(response.status).toBe(200);
    expect(server.jobs.last()?.request.leaderChange).toBe("fail");
    const frames = await new SseReader(response).all();
    expect(frames[1]?.[0]).toContain('"content":"Hel"');
    const { error } = JSON.parse(frames.at(-1)?.[0]?.slice(6) ?? "{}");
    expect(Object.keys(error)).toEqual(["message", "type", "param", "code"]);
    expect(JSON.stringify(frames)).not.toContain("[DONE]");
    expect(JSON.stringify(frames)).not.toContain("Good day");
    expect(JSON.stringify(frames)).not.toContain('\\"finish_reason\\":\\"stop\\"');
  });

  it("go on over a restart of the job's object without losing or repeating a letter", async () => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
    });
    const reader = new SseReader(await server.ask(chat, { body: { model: "atomic", messages, stream: true } }));
    const job = server.jobs.last();
    await reader.next();
    expect((await reader.next())?.[0]).toContain('"Hel"');
    job?.breakStreams();
    job?.write(streamed("a1", 3, "lo"), finished("a1", "Hello"), joined("a1", "Hello"));
    if (job !== undefined) succeed(job, "Hello");
    const rest = await reader.all();
    expect(rest[0]?.[0]).toContain('"delta":{"content":"lo"}');
    expect(rest.at(-1)).toEqual(["data: [DONE]"]);
  });

  it("send headers and beats when nothing comes for long, and then an error frame", async () => {
    const server = testServer();
    server.runs(stalls);
    const asked = server.ask(chat, { body: { model: "atomic", messages, stream: true } });
    await vi.waitFor(() => expect(server.jobs.last()?.streams.size).toBe(1));
    const job = server.jobs.last();
    job?.beat();
    job?.beat();
    const reader = new SseReader(await asked);
    expect((await reader.next())?.[0]).toContain('"role":"assistant"');
    expect(await reader.next()).toEqual([": beat"]);
    if (job !== undefined) fail(job, "deadline-exceeded", "Too late.");
    const rest = await reader.all();
    expect(rest).toHaveLength(1);
    expect(rest[0]?.[0]).toContain('"code":"deadline_exceeded"');
  });

  it.each([true, false])("cancel the job of a client that left only if asked to (%s)", async (asked) => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
    });
    const body = { model: "atomic", messages, stream: true, atomic: { cancel_on_disconnect: asked } };
    const reader = new SseReader(await server.ask(chat, { body }));
    await reader.next();
    await reader.leave();
    const job = server.jobs.last();
    await vi.waitFor(() => expect(job?.streams.size).toBe(0));
    if (asked) await vi.waitFor(() => expect(job?.cancelled).toBe("disconnect"));
    else expect((await server.ask(`/v1/jobs/${job?.id}`)).status).toBe(200);
    expect(job?.cancelled).toBe(asked ? "disconnect" : null);
  });

  it.each([true, false])("do so for one that did not wait for the whole answer, too (%s)", async (asked) => {
    const server = testServer();
    server.runs(stalls);
    const client = new AbortController();
    const request = new Request(`http://localhost${chat}`, {
      method: "POST",
      headers: { authorization: "Bearer operator-key-of-these-tests", "content-type": "application/json" },
      body: JSON.stringify({ model: "atomic", messages, atomic: { cancel_on_disconnect: asked } }),
      signal: client.signal,
    });
    const response = server.app.fetch(request);
    await vi.waitFor(() => expect(server.jobs.last()?.streams.size).toBe(1));
    client.abort();
    await response;
    const job = server.jobs.last();
    expect(job?.streams.size).toBe(0);
    if (asked) await vi.waitFor(() => expect(job?.cancelled).toBe("disconnect"));
    else expect((await server.ask(`/v1/jobs/${job?.id}`)).status).toBe(200);
    expect(job?.cancelled).toBe(asked ? "disconnect" : null);
  });
});
