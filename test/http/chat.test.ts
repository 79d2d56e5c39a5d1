import { describe, expect, it, vi } from "vitest";
import { onlyEmbedded } from "./bidders.ts";
import { testServer } from "./memory-ports.ts";
import { SseReader } from "./read-sse.ts";
import {
  answers,
  begin,
  fail,
  failedAttempt,
  finished,
  joined,
  refuses,
  stalls,
  started,
  streamed,
  succeed,
} from "./scripts.ts";

const messages = [{ role: "user", content: "Say hello." }];
const chat = "/v1/chat/completions";
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };
const json = { type: "json_schema", json_schema: { name: "n", strict: true, schema } };

describe("chat completions, whole", () => {
  it("are OpenAI's object with Atomic's facts beside it", async () => {
    const server = testServer();
    const response = await server.ask(chat, { body: { model: "atomic", messages } });
    const id = server.jobs.last()?.id ?? "";
    expect(response.headers.get("atomic-job-id")).toBe(id);
    expect(await response.json()).toEqual({
      id: `chatcmpl-${id}`,
      object: "chat.completion",
      created: 1_790_000_000,
      model: "atomic",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello.", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 12,
        completion_tokens: 5,
        total_tokens: 17,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      atomic: { job: id, bidder: "openai/small", cost_usd: 0.0000015 },
    });
  });

  it("become one job of the native kind", async () => {
    const server = testServer();
    server.runs(answers('{"n":1}', undefined, { n: 1 }));
    await server.ask(chat, {
      body: {
        model: "atomic/cheap",
        messages: [
          {
            role: "developer",
            content: [
              { type: "text", text: "Be" },
              { type: "text", text: "brief." },
            ],
          },
          ...messages,
        ],
        response_format: json,
        max_completion_tokens: 50,
        max_tokens: 999,
        temperature: 0.2,
        metadata: { team: "a" },
        seed: 7,
        parallel_tool_calls: false,
        reasoning_effort: "low",
        a_field_of_2031: { x: 1 },
        atomic: { budget_usd: 0.02, deadline_ms: 9000, strategy: "race", value_usd: 1, judged: ["is true"] },
      },
    });
    expect(server.jobs.last()?.request).toMatchObject({
      kind: "answer",
      plan: "single",
      input: {
        type: "messages",
        messages: [
          { role: "system", content: "Be\nbrief." },
          { role: "user", content: "Say hello." },
        ],
      },
      contract: { schema, criteria: [], judged: ["is true"] },
      policy: "cheap",
      strategy: "race",
      budgetNano: 20_000_000,
      valueNano: 1_000_000_000,
      deadlineMs: 9000,
      maxOutputTokens: 50,
      temperature: 0.2,
      delivery: "accepted",
      bidders: null,
      metadata: { team: "a" },
    });
  });

  it("give structured answers as the validated value, not as the model's dressed-up text", async () => {
    const server = testServer();
    server.runs(answers('```json\n{"n": 1,}\n```', undefined, { n: 1 }));
    const body = { model: "atomic", messages, response_format: json };
    expect((await (await server.ask(chat, { body })).json()).choices[0].message.content).toBe('{"n":1}');
  });

  it("ask one bidder alone when it is the model", async () => {
    const server = testServer();
    await server.ask(chat, { body: { model: "workers-ai/@cf/meta/llama", messages } });
    expect(server.jobs.last()?.request.bidders).toEqual(["workers-ai/@cf/meta/llama"]);
    const some = { model: "atomic", messages, atomic: { bidders: ["openai/small", "workers-ai/@cf/meta/llama"] } };
    await server.ask(chat, { body: some });
    expect(server.jobs.last()?.request.bidders).toEqual(some.atomic.bidders);
  });

  it.each([
    ["budget-exceeded", 402, "insufficient_quota", "insufficient_quota", "false"],
    ["bidders-failed", 502, "server_error", "bidders_failed", "true"],
    ["deadline-exceeded", 504, "server_error", "deadline_exceeded", "true"],
    ["parked", 500, "server_error", "parked", "false"],
  ] as const)("that fail as %s have status %i", async (code, status, type, openaiCode, retry) => {
    const server = testServer();
    server.runs(refuses(code, "It did not work. Try less."));
    for (const stream of [false, true]) {
      const response = await server.ask(chat, { body: { model: "atomic", messages, stream } });
      expect(response.status).toBe(status);
      expect(response.headers.get("x-should-retry")).toBe(retry);
      expect(response.headers.get("atomic-job-id")).toBe(server.jobs.last()?.id);
      expect(await response.json()).toEqual({
        error: { message: "It did not work. Try less.", type, param: null, code: openaiCode },
      });
    }
  });

  const refusals = [
    [{ model: "gpt-99", messages }, 404, "model", "model_not_found"],
    [{ model: "__proto__", messages }, 404, "model", "model_not_found"],
    [{ messages }, 400, "model", "invalid_request"],
    [{ model: "atomic" }, 400, "messages", "invalid_request"],
    [
      { model: "atomic", messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      400,
      "messages[0].content[0].type",
      "invalid_request",
    ],
    [{ model: "atomic", messages: [{ role: "assistant", content: "x" }] }, 400, "messages", "invalid_request"],
    [{ model: "atomic", messages, n: 2 }, 400, "n", "invalid_request"],
    [{ model: "atomic", messages, tools: [], tool_choice: "required" }, 400, "tool_choice", "invalid_request"],
    [{ model: "atomic", messages, max_tokens: 0 }, 400, "max_tokens", "invalid_request"],
    [{ model: "atomic", messages, atomic: { budget_usd: -1 } }, 400, "atomic.budget_usd", "invalid_request"],
    [{ model: "atomic", messages, atomic: { buget_usd: 1 } }, 400, "atomic.buget_usd", "invalid_request"],
    [
      { model: "atomic", messages, response_format: { type: "json_schema", json_schema: { schema: { type: "no" } } } },
      400,
      "response_format.json_schema.schema.type",
      "invalid_contract",
    ],
    [{ model: "embedded/eld", messages }, 400, "model", "no_bidder"],
    [
      { model: "atomic", messages, atomic: { bidders: ["openai/small", "x/y"] } },
      400,
      "atomic.bidders[1]",
      "invalid_request",
    ],
  ] as const;
  it.each(refusals)("refuse %j with %i about %s", async (body, status, param, code) => {
    const server = testServer();
    const response = await server.ask(chat, { body });
    const { error } = await response.json();
    expect({ status: response.status, ...error, message: "" }).toEqual({
      status,
      message: "",
      type: "invalid_request_error",
      param,
      code,
    });
    expect(error.message).toMatch(/\.$/);
    expect(server.jobs.jobs.size).toBe(0);
  });

  it("without any generative bidder say how to add one", async () => {
    const server = testServer({ bidders: onlyEmbedded });
    const { error } = await (await server.ask(chat, { body: { model: "atomic", messages } })).json();
    expect(error).toMatchObject({ code: "no_bidder", message: expect.stringMatching(/OPENAI_API_KEY/) });
  });

  it("use OpenAI's error object for what the server refuses too", async () => {
    const server = testServer();
    const none = await server.ask(chat, { body: { model: "atomic", messages }, key: null });
    expect([none.status, (await none.json()).error.code]).toEqual([401, "invalid_api_key"]);
    const large = await server.ask(chat, {
      body: { model: "atomic", messages: [{ role: "user", content: "x".repeat(1_000_001) }] },
    });
    expect([large.status, (await large.json()).error.code]).toEqual([413, "too_large"]);
    const wrong = await server.ask(chat);
    expect([wrong.status, wrong.headers.get("allow"), (await wrong.json()).error.code]).toEqual([
      405,
      "POST",
      "method_not_allowed",
    ]);
  });
});

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

describe("models", () => {
  it("are the market under each policy, and every bidder that can hold a conversation", async () => {
    const server = testServer();
    const { object, data } = await (await server.ask("/v1/models")).json();
    expect(object).toBe("list");
    expect(data.map((m: { id: string }) => m.id)).toEqual([
      "atomic",
      "atomic/cheap",
      "atomic/fast",
      "atomic/best",
      "openai/small",
      "workers-ai/@cf/meta/llama",
    ]);
    for (const model of data) {
      expect(Object.keys(model)).toEqual(["id", "object", "created", "owned_by"]);
      expect(await (await server.ask(`/v1/models/${model.id}`)).json()).toEqual(model);
    }
    const missing = await server.ask("/v1/models/gpt-99");
    expect([missing.status, (await missing.json()).error.code]).toEqual([404, "model_not_found"]);
  });
});
