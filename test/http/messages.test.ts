import { describe, expect, it } from "vitest";
import type { JobEvent } from "../../src/job/job-event.ts";
import { onlyEmbedded, twoModels } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { answers, begin, finished, joined, refuses, started, succeed } from "./scripts.ts";

const messages = [{ role: "user", content: "Say hello." }];
const path = "/v1/messages";
const asked = { model: "atomic", max_tokens: 100, messages };
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };

describe("messages, whole", () => {
  it("are Anthropic's object with Atomic's facts beside it", async () => {
    const server = testServer();
    const response = await server.ask(path, { body: asked });
    const id = server.jobs.last()?.id ?? "";
    expect(response.headers.get("atomic-job-id")).toBe(id);
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-request-id"));
    expect(await response.json()).toEqual({
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model: "atomic",
      content: [{ type: "text", text: "Hello.", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: {
        input_tokens: 12,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 5,
        output_tokens_details: { thinking_tokens: 0 },
      },
      atomic: { job: id, bidder: "openai/small", cost_usd: 0.0000015 },
    });
  });

  it("become one job of the native kind", async () => {
    const server = testServer();
    server.runs(answers('{"n":1}', undefined, { n: 1 }));
    const response = await server.ask(`${path}?beta=true`, {
      headers: { "anthropic-version": "2023-06-01", "anthropic-beta": "context-management-2025-06-27" },
      body: {
        model: "atomic/cheap",
        max_tokens: 500_000,
        system: [
          { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.332.9a2;" },
          { type: "text", text: "Be", cache_control: { type: "ephemeral" } },
          { type: "text", text: "brief." },
        ],
        messages: [
          { role: "user", content: "What is 1?" },
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "Hm.", signature: "x" },
              { type: "redacted_thinking", data: "x" },
              { type: "text", text: "One.", citations: null },
            ],
          },
          { role: "system", content: "Be briefer." },
          { role: "assistant", content: [{ type: "thinking", thinking: "?", signature: "x" }] },
          { role: "user", content: [{ type: "text", text: "As JSON.", cache_control: { type: "ephemeral" } }] },
        ],
        output_config: { effort: "high", format: { type: "json_schema", schema } },
        temperature: 0.2,
        top_p: 0.5,
        top_k: 3,
        stop_sequences: ["END"],
        metadata: { user_id: "u1" },
        thinking: { type: "enabled", budget_tokens: 1024 },
        context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
        service_tier: "auto",
        speed: "fast",
        mcp_servers: [],
        container: null,
        cache_control: { type: "ephemeral" },
        a_field_of_2031: { x: 1 },
        atomic: { context: "support", budget_usd: 0.02, deadline_ms: 9000, strategy: "race", judged: ["is true"] },
      },
    });
    expect((await response.json()).content).toEqual([{ type: "text", text: '{"n":1}', citations: null }]);
    expect(server.jobs.last()?.request).toMatchObject({
      kind: "answer",
      plan: "single",
      input: {
        type: "messages",
        messages: [
          { role: "system", content: "Be\nbrief." },
          { role: "user", content: "What is 1?" },
          { role: "assistant", content: "One." },
          { role: "system", content: "Be briefer." },
          { role: "user", content: "As JSON." },
        ],
      },
      contract: { schema, criteria: [], judged: ["is true"] },
      policy: "cheap",
      strategy: "race",
      budgetNano: 20_000_000,
      deadlineMs: 9000,
      maxOutputTokens: 131_072,
      temperature: 0.2,
      sampling: { topP: 0.5 },
      stop: ["END"],
      delivery: "accepted",
      bidders: null,
      metadata: { user_id: "u1" },
      context: "support",
    });
  });

  const mark = { cache_control: { type: "ephemeral" } };
  const text = { type: "text", text: "Say hello." };
  it.each<[string, object, boolean | undefined]>([
    ["of the body", mark, true],
    ["of a turn", { messages: [{ role: "user", content: [text, { ...text, ...mark }] }] }, true],
    ["of instructions alone", { system: [{ ...text, ...mark }] }, undefined],
    ["that is none", { cache_control: null }, undefined],
    ["where Atomic is told otherwise", { ...mark, atomic: { prompt_cache: false } }, false],
  ])("say what comes again by a mark %s", async (_, more, expected) => {
    const server = testServer();
    expect((await server.ask(path, { body: { ...asked, ...more } })).status).toBe(200);
    expect(server.jobs.last()?.request.promptCache).toBe(expected);
  });

  it("ask one bidder alone when it is the model, and take the schema under its older name", async () => {
    const server = testServer();
    const body = {
      ...asked,
      model: "openai/small",
      output_format: { type: "json_schema", schema },
      stop_sequences: [],
    };
    server.runs(answers('```json\n{"n": 1,}\n```', undefined, { n: 1 }));
    const { content } = await (await server.ask(path, { body })).json();
    expect(content[0].text).toBe('{"n":1}');
    expect(server.jobs.last()?.request).toMatchObject({ bidders: ["openai/small"], contract: { schema } });
    expect(server.jobs.last()?.request.stop).toBeUndefined();
  });

  it("take a data: picture in base64 and one by its address, where they stand among the texts", async () => {
    const server = testServer({ bidders: twoModels.map((bidder) => ({ ...bidder, images: "url" as const })) });
    const source = { type: "base64", media_type: "image/jpg", data: "iVBO\nRw0KGgo" };
    const content = [
      { type: "text", text: "Compare this" },
      { type: "image", source },
      { type: "text", text: "with that" },
      { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
      { type: "document", title: "Notes", source: { type: "text", media_type: "text/plain", data: "It is red." } },
    ];
    await server.ask(path, { body: { ...asked, messages: [{ role: "user", content }] } });
    expect(server.jobs.last()?.request.input).toEqual({
      type: "messages",
      messages: [
        {
          role: "user",
          content: "Compare this\nwith that\nNotes\nIt is red.",
          images: [
            { at: 12, url: "data:image/jpeg;base64,iVBORw0KGgo=" },
            { at: 22, url: "https://example.com/a.png" },
          ],
        },
      ],
    });
    const large = { type: "image", source: { type: "base64", media_type: "image/png", data: "A".repeat(3_999_976) } };
    const statusOf = async (block: object) =>
      (await server.ask(path, { body: { ...asked, messages: [{ role: "user", content: [block] }] } })).status;
    expect(await statusOf(large)).toBe(200);
    // What only looks like a picture is a text.
    expect(await statusOf({ type: "text", text: "", data: "A".repeat(1_000_002) })).toBe(413);
  });

  it("join turns of one role, so that results of one answer may come in several", async () => {
    const server = testServer();
    const call = (id: string) => ({ role: "assistant", content: [{ type: "tool_use", id, name: "now", input: {} }] });
    const gave = (id: string, text: string) => ({
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: id, content: [{ type: "text", text: id }] },
        { type: "text", text },
      ],
    });
    const turns = [...messages, call("a"), call("b"), gave("b", "Go"), gave("a", "on.")];
    await server.ask(path, { body: { ...asked, messages: turns } });
    expect(server.jobs.last()?.request.input).toEqual({
      type: "messages",
      messages: [
        ...messages,
        { role: "assistant", content: "", calls: ["a", "b"].map((id) => ({ id, name: "now", arguments: "{}" })) },
        { role: "tool", call: "b", content: "b" },
        { role: "tool", call: "a", content: "a" },
        { role: "user", content: "Go\non." },
      ],
    });
  });

  it("count tokens apart that were read from a cache, and written to one", async () => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      const usage = { input: 1200, output: 7, cachedInput: 1000, cacheWrite: 150, reasoning: 3, source: "provider" };
      const end = { ...finished("a1", "Hello."), usage } as JobEvent;
      job.write(started("a1", "openai/small"), end, joined("a1", "Hello."));
      succeed(job, "Hello.");
    });
    const { usage } = await (await server.ask(path, { body: asked })).json();
    expect(usage).toEqual({
      input_tokens: 50,
      cache_creation_input_tokens: 150,
      cache_read_input_tokens: 1000,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    });
  });

  it.each([
    ["stop", undefined, "end_turn"],
    ["length", undefined, "max_tokens"],
    ["content-filter", undefined, "refusal"],
    ["other", "eos_limit", "eos_limit"],
    ["unknown", undefined, "unknown"],
  ])("that end with %s (%s) say %s", async (finish, finishSaid, reason) => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      const said = finishSaid === undefined ? {} : { finishSaid };
      const end = { ...finished("a1", "Hello."), finish, ...said } as JobEvent;
      job.write(started("a1", "openai/small"), end, joined("a1", "Hello."));
      succeed(job, "Hello.");
    });
    expect((await (await server.ask(path, { body: asked })).json()).stop_reason).toBe(reason);
  });

  it("are the same job under the same key, and the same answer where that is asked for", async () => {
    const server = testServer();
    const headers = { "idempotency-key": "k1" };
    const [first, second] = [
      await server.ask(path, { body: asked, headers }),
      await server.ask(path, { body: asked, headers }),
    ];
    expect((await first.json()).id).toBe((await second.json()).id);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    const other = await server.ask(path, { body: { ...asked, max_tokens: 5 }, headers });
    expect([other.status, (await other.json()).error.type]).toEqual([422, "invalid_request_error"]);
    const both = await server.ask(path, {
      body: { ...asked, atomic: { reuse_ms: 5000 } },
      headers: { "idempotency-key": "k2" },
    });
    expect((await both.json()).error.details.field).toBe("atomic.reuse_ms");
  });
});

describe("errors of messages", () => {
  it.each([
    ["budget-exceeded", 402, "billing_error", "false"],
    ["bidders-failed", 502, "api_error", "true"],
    ["not-accepted", 422, "api_error", "false"],
    ["deadline-exceeded", 422, "timeout_error", "false"],
    ["parked", 422, "api_error", "false"],
    ["rate-limited", 429, "rate_limit_error", "true"],
  ] as const)("that fail as %s have status %i and type %s", async (code, status, type, retry) => {
    const server = testServer();
    server.runs(refuses(code, "It did not work. Try less."));
    for (const stream of [false, true]) {
      const response = await server.ask(path, { body: { ...asked, stream } });
      expect(response.status).toBe(status);
      expect(response.headers.get("x-should-retry")).toBe(retry);
      expect(response.headers.get("atomic-job-id")).toBe(server.jobs.last()?.id);
      expect(await response.json()).toEqual({
        type: "error",
        error: { type, message: "It did not work. Try less.", details: { error_code: code.replaceAll("-", "_") } },
        request_id: response.headers.get("request-id"),
      });
    }
  });

  it("come in their shape before a handler is asked, too", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "a", scope: "read" } })).json();
    const of = async (...request: Parameters<typeof server.ask>) => {
      const response = await server.ask(...request);
      const said = await response.json();
      expect(said).toMatchObject({ type: "error", request_id: response.headers.get("request-id") });
      return [response.status, said.error.type];
    };
    expect(await of(path, { body: asked, key: null })).toEqual([401, "authentication_error"]);
    expect(await of(path, { body: asked, key })).toEqual([403, "permission_error"]);
    expect(await of(path)).toEqual([405, "invalid_request_error"]);
    expect(await of(`${path}/batches`)).toEqual([404, "not_found_error"]);
    expect(await of(path, { body: "x".repeat(6_000_000) })).toEqual([413, "request_too_large"]);
    expect(await of(path, { body: "{" })).toEqual([400, "invalid_request_error"]);
    expect(await of(path, { body: "a", headers: { "content-type": "text/plain" } })).toEqual([
      415,
      "invalid_request_error",
    ]);
    expect(await of("/v1/models/none", { headers: { "anthropic-version": "2023-06-01" } })).toEqual([
      404,
      "not_found_error",
    ]);
    server.ports.jobs.create = () => Promise.reject(new Error("a bug"));
    expect(await of(path, { body: asked })).toEqual([500, "api_error"]);
  });

  const turns = (count: number) => Array.from({ length: count }, () => messages[0]);
  const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
  const result = { type: "tool_result", tool_use_id: "c1", content: "x" };
  const call = { type: "tool_use", id: "c1", name: "now", input: {} };
  const user = (...content: object[]) => ({ messages: [{ role: "user", content }] });
  it.each<[string, object, string, RegExp]>([
    ["no limit", { max_tokens: undefined }, "max_tokens", /is missing/],
    ["no tokens", { max_tokens: 0 }, "max_tokens", /at least 1/],
    ["no messages", { messages: undefined }, "messages", /is missing/],
    ["no turns", { messages: [] }, "messages", /at least 1/],
    ["10,000 turns", { messages: turns(10_000) }, "messages", /at most 2000/],
    [
      "another's role",
      { messages: [{ role: "tool", content: "x" }] },
      "messages[0].role",
      /one of "user", "assistant"/,
    ],
    ["a number as content", { messages: [{ role: "user", content: 5 }] }, "messages[0].content", /must be/],
    ["silence", { messages: [{ role: "user", content: " " }] }, "messages", /needs a message/],
    ["a text that is none", user({ type: "text", text: 5 }), "messages[0].content[0].text", /must be a string/],
    ["no type", user({ text: "x" }), "messages[0].content[0].type", /must be|missing/],
    [
      "a PDF",
      user({ type: "document", source: { type: "base64", data: "x" } }),
      "messages[0].content[0].type",
      /"document"/,
    ],
    ["a search", user({ type: "server_tool_use", id: "1" }), "messages[0].content[0].type", /"server_tool_use"/],
    [
      "a file",
      user({ type: "image", source: { type: "file", file_id: "f" } }),
      "messages[0].content[0].source",
      /no files/,
    ],
    [
      "a picture of no kind",
      user({ type: "image", source: { type: "disk" } }),
      "messages[0].content[0].source.type",
      /one of/,
    ],
    ["a result without a call", user(result), "messages[0].content", /No call before it/],
    [
      "a call without a result",
      { messages: [...messages, { role: "assistant", content: [call] }, ...messages] },
      "messages[2]",
      /"c1" has no result/,
    ],
    ["a call of a user's", user(call), "messages[0].content[0]", /"assistant"/],
    [
      "a result of an assistant's",
      { messages: [{ role: "assistant", content: [result] }, ...messages] },
      "messages[0].content[0]",
      /"user"/,
    ],
    [
      "a text to go on from",
      { messages: [...messages, { role: "assistant", content: "Hel" }] },
      "messages[1].role",
      /"user"/,
    ],
    [
      "a search of Anthropic's",
      { tools: [{ type: "web_search_20250305", name: "web_search" }] },
      "tools[0].type",
      /"web_search_20250305"/,
    ],
    ["a tool without a schema", { tools: [{ name: "x" }] }, "tools[0].input_schema", /is missing/],
    [
      "a schema that is none",
      { tools: [{ name: "x", input_schema: { type: "objekt" } }] },
      "tools[0].input_schema.type",
      /must/,
    ],
    [
      "65 calls at once",
      { messages: [...messages, { role: "assistant", content: Array.from({ length: 65 }, () => call) }, ...messages] },
      "messages[1].content",
      /64 tools/,
    ],
    ["no tool to choose", { tool_choice: { type: "any" } }, "tool_choice", /no tool/],
    ["a choice in OpenAI's words", { tool_choice: "required" }, "tool_choice", /must be/],
    [
      "a tool nobody has",
      { tools: [{ name: "x", input_schema: {} }], tool_choice: { type: "tool", name: "y" } },
      "tool_choice",
      /"y"/,
    ],
    ["a container", { container: "c" }, "container", /runs no code/],
    [
      "servers",
      { mcp_servers: [{ type: "url", url: "https://x.example", name: "x" }] },
      "mcp_servers",
      /calls no servers/,
    ],
    ["a place", { inference_geo: "us" }, "inference_geo", /atomic\.region/],
    ["a summary", { compaction: { type: "summarize" } }, "compaction", /ask for it/],
    ["a thread", { thread: { type: "create" } }, "thread", /earlier turns/],
    ["a check of its calls", { safeguards: [{ type: "dangerous_tool_use" }] }, "safeguards", /atomic\.judged/],
    ["heat", { temperature: 1.5 }, "temperature", /at most 1/],
    [
      "a bad format",
      { output_config: { format: { type: "json_schema", schema: { type: "objekt" } } } },
      "output_config.format.schema.type",
      /must/,
    ],
    [
      "a bad old format",
      { output_format: { type: "json_schema", schema: { type: "objekt" } } },
      "output_format.schema.type",
      /must/,
    ],
    ["a misspelt extension", { atomic: { budget: 1 } }, "atomic.budget", /Unknown field/],
    ["a deep body", { metadata: nested(70) }, "", /64 levels/],
  ])("name what is wrong with %s", async (_, wrong, field, says) => {
    const server = testServer();
    for (const stream of [false, true]) {
      const response = await server.ask(path, { body: { ...asked, ...wrong, stream } });
      const { error } = await response.json();
      expect({ status: response.status, type: error.type, field: error.details.field ?? "" }).toEqual({
        status: 400,
        type: "invalid_request_error",
        field,
      });
      expect(error.message).toMatch(says);
    }
    expect(server.jobs.jobs.size).toBe(0);
    expect(server.unexpected).toEqual([]);
  });

  it("of what is too long for every bidder begin as agents know it", async () => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      const error = { code: "invalid-request", message: "No bidder takes so much.", reason: "context-length" } as const;
      job.write({ type: "job-ended", status: "failed", error });
      job.close();
    });
    const response = await server.ask(path, { body: asked });
    const { error } = await response.json();
    expect([response.status, error.message]).toEqual([400, "Prompt is too long. No bidder takes so much."]);
  });

  it("of a model that is not there say which are", async () => {
    const server = testServer();
    const response = await server.ask(path, { body: { ...asked, model: "claude-sonnet-4-5" } });
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({
        error: {
          type: "not_found_error",
          message: expect.stringMatching(/"claude-sonnet-4-5" does not exist\. Use "atomic"/),
          details: { error_code: "model_not_found", field: "model" },
        },
      }),
    ]);
    const nobody = testServer({ bidders: onlyEmbedded });
    expect((await (await nobody.ask(path, { body: asked })).json()).error.message).toContain("ATOMIC_LLM_URL");
  });
});

describe("the key", () => {
  it("may come as x-api-key, as Anthropic's clients send it", async () => {
    const server = testServer();
    const statusOf = async (headers: Record<string, string>) =>
      (await server.ask(path, { body: asked, key: null, headers })).status;
    expect(await statusOf({ "x-api-key": operatorKey })).toBe(200);
    expect(await statusOf({ "x-api-key": operatorKey, authorization: `Bearer ${operatorKey}` })).toBe(200);
    // One that is wrong is not made up for by the other.
    expect(await statusOf({ "x-api-key": operatorKey, authorization: "Bearer wrong" })).toBe(401);
    for (const wrong of ["wrong", `${operatorKey}x`, `Bearer ${operatorKey}`, "", "a b", "x".repeat(501)])
      expect([wrong, await statusOf({ "x-api-key": wrong })]).toEqual([wrong, 401]);
    expect((await server.ask("/v1/jobs", { key: null, headers: { "x-api-key": operatorKey } })).status).toBe(200);
  });

  it("lets no foreign page in by it: a browser asks first, and is refused", async () => {
    const server = testServer();
    const asks = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-api-key",
    };
    const response = await server.ask(path, { method: "OPTIONS", key: null, headers: asks });
    expect([response.ok, response.headers.get("access-control-allow-origin")]).toEqual([false, null]);
    // Without a key of its own it is a foreign page as ever.
    const open = testServer({ local: true, operatorKey: null });
    const simple = { origin: "https://evil.example" };
    expect((await open.ask(path, { body: asked, key: null, headers: simple })).status).toBe(403);
  });
});

describe("tokens", () => {
  const counted = async (more: object) => {
    const server = testServer({ bidders: twoModels.map((bidder) => ({ ...bidder, images: "data" as const })) });
    const response = await server.ask(`${path}/count_tokens?beta=true`, {
      body: { model: "atomic", messages, ...more },
    });
    expect(server.jobs.jobs.size).toBe(0);
    return [response.status, await response.json()];
  };
  it("are counted as they are estimated when a job is bid on, and nothing is run", async () => {
    // 10 characters are 3 tokens, and 4 stand between turns.
    expect(await counted({})).toEqual([200, { input_tokens: 7 }]);
    const [, { input_tokens: long }] = await counted({ system: "x".repeat(4000) });
    expect(long).toBe(7 + 1004);
    const tools = [{ name: "now", input_schema: { type: "object", properties: {} } }];
    expect((await counted({ tools }))[1].input_tokens).toBeGreaterThan(20);
    const source = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" };
    const picture = { messages: [{ role: "user", content: [{ type: "image", source }] }] };
    expect((await counted(picture))[1].input_tokens).toBeGreaterThan(1000);
  });

  it("of what would be refused are not", async () => {
    expect((await counted({ model: "claude-x" }))[0]).toBe(404);
    expect((await counted({ messages: [] }))[0]).toBe(400);
    expect((await counted({ mcp_servers: [{}] }))[1].error.type).toBe("invalid_request_error");
  });
});
