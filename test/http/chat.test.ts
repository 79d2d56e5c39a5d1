import { describe, expect, it } from "vitest";
import { generative, onlyEmbedded } from "./bidders.ts";
import { testServer } from "./memory-ports.ts";
import { answers, refuses } from "./scripts.ts";

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
        top_p: 0.5,
        frequency_penalty: 1,
        presence_penalty: -1,
        logprobs: false,
        logit_bias: {},
        modalities: ["text"],
        functions: [],
        function_call: "auto",
        parallel_tool_calls: false,
        reasoning_effort: "low",
        a_field_of_2031: { x: 1 },
        atomic: {
          context: "support",
          budget_usd: 0.02,
          deadline_ms: 9000,
          strategy: "race",
          value_usd: 1,
          judged: ["is true"],
        },
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
      sampling: { seed: 7, topP: 0.5, frequencyPenalty: 1, presencePenalty: -1 },
      delivery: "accepted",
      bidders: null,
      metadata: { team: "a" },
      context: "support",
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
    ["not-accepted", 422, "server_error", "not_accepted", "false"],
    ["deadline-exceeded", 422, "server_error", "deadline_exceeded", "false"],
    ["parked", 422, "server_error", "parked", "false"],
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

  it("take a cap above what any job may have for that, and the turns of a long loop of tools", async () => {
    const server = testServer();
    const turns = Array.from({ length: 2_000 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: "Hi.",
    }));
    const body = { model: "atomic", messages: turns, max_tokens: 1_000_000 };
    expect((await server.ask(chat, { body })).status).toBe(200);
    expect(server.jobs.last()?.request.maxOutputTokens).toBe(131_072);
    expect((await server.ask(chat, { body: { ...body, messages: [...turns, turns[0]] } })).status).toBe(400);
  });

  const refusals = [
    [{ model: "gpt-99", messages }, 404, "model", "model_not_found"],
    [{ model: "__proto__", messages }, 404, "model", "model_not_found"],
    [{ messages }, 400, "model", "invalid_request"],
    [{ model: "atomic" }, 400, "messages", "invalid_request"],
    [
      { model: "atomic", messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      400,
      "messages[0].content[0].image_url",
      "invalid_request",
    ],
    [
      { model: "atomic", messages: [{ role: "user", content: [{ type: "input_audio" }] }] },
      400,
      "messages[0].content[0].type",
      "invalid_request",
    ],
    [{ model: "atomic", messages: [{ role: "assistant", content: "x" }] }, 400, "messages", "invalid_request"],
    [{ model: "atomic", messages, n: 2 }, 400, "n", "invalid_request"],
    [{ model: "atomic", messages, seed: "x" }, 400, "seed", "invalid_request"],
    [{ model: "atomic", messages, top_p: 3 }, 400, "top_p", "invalid_request"],
    [{ model: "atomic", messages, presence_penalty: -2.1 }, 400, "presence_penalty", "invalid_request"],
    [{ model: "atomic", messages, logprobs: true, top_logprobs: 2 }, 400, "logprobs", "invalid_request"],
    [{ model: "atomic", messages, functions: [{ name: "now", parameters: {} }] }, 400, "functions", "invalid_request"],
    [{ model: "atomic", messages, function_call: { name: "now" } }, 400, "function_call", "invalid_request"],
    [{ model: "atomic", messages, top_logprobs: 2 }, 400, "top_logprobs", "invalid_request"],
    [{ model: "atomic", messages, logit_bias: { "50256": -100 } }, 400, "logit_bias", "invalid_request"],
    [{ model: "atomic", messages, modalities: ["text", "audio"] }, 400, "modalities", "invalid_request"],
    [{ model: "atomic", messages, web_search_options: {} }, 400, "web_search_options", "invalid_request"],
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
      { model: "openai/small", messages, atomic: { bidders: ["workers-ai/@cf/meta/llama"] } },
      400,
      "atomic.bidders",
      "invalid_request",
    ],
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

  it("say of half a token that it is no whole number", async () => {
    const { error } = await (
      await testServer().ask(chat, { body: { model: "atomic", messages, max_tokens: 1.5 } })
    ).json();
    expect(error.message).toBe('"max_tokens" must be a whole number, not 1.5.');
  });

  it("say what is wrong in the client's own words for it", async () => {
    for (const [json_schema, says] of [
      [{ schema: { type: "no" } }, /^"response_format.json_schema.schema.type" is refused/],
      [{ name: "n" }, /^"response_format.json_schema.schema" is missing: give an object\.$/],
    ] as const) {
      const body = { model: "atomic", messages, response_format: { type: "json_schema", json_schema } };
      const { error } = await (await testServer().ask(chat, { body })).json();
      expect(error.message).toMatch(says);
    }
  });

  it("of a misspelt field of Atomic's name those there are", async () => {
    const body = { model: "atomic", messages, atomic: { contract: {} } };
    const { error } = await (await testServer().ask(chat, { body })).json();
    expect(error.message).toMatch(
      /^Unknown field "contract"\. "atomic" takes kind, .*criteria, judged, value_usd, .*\.$/,
    );
  });

  it("without any generative bidder say who takes part by name, where there is one", async () => {
    const named = { ...generative("sim/slow"), onlyByName: true };
    const server = testServer({ bidders: [...onlyEmbedded, named] });
    const { error } = await (await server.ask(chat, { body: { model: "atomic", messages } })).json();
    expect(error.message).toMatch(/ Or name one that takes part only by name, as "sim\/slow" does\.$/);
    expect((await server.ask(chat, { body: { model: "sim/slow", messages } })).status).toBe(200);
  });

  it("of a tenant whose rules name such a one are put to it, unless it cannot do it either", async () => {
    const named = { ...generative("sim/slow"), onlyByName: true };
    const server = testServer({ bidders: [...onlyEmbedded, named] });
    const rules = (bidders: string[]) => server.ask("/v1/tenants/acme/rules", { method: "PUT", body: { bidders } });
    const key = (await (await server.ask("/v1/keys", { body: { tenant: "acme" } })).json()).key;
    const post = () => server.ask(chat, { body: { model: "atomic", messages }, key });
    expect((await post()).status).toBe(400);
    expect((await rules(["sim/slow"])).status).toBe(200);
    expect((await post()).status).toBe(200);
    expect((await rules([onlyEmbedded[0]?.id ?? ""])).status).toBe(200);
    const { error } = await (await post()).json();
    expect(error).toMatchObject({ code: "no_bidder", message: expect.stringContaining("your operator lets") });
    const native = await server.ask("/v1/jobs", { body: { text: "Hi." }, key });
    expect(await native.json()).toMatchObject({ code: "no-bidder", reason: "tenant-rules" });
    const batch = await server.ask("/v1/jobs:batch", { body: { jobs: [{ text: "Hi." }] }, key });
    expect(await batch.json()).toMatchObject({ code: "no-bidder", reason: "tenant-rules", field: "jobs[0].kind" });
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
