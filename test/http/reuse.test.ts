import { describe, expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";

const server = testServer();
const native = { text: "Hi.", reuseMs: 60_000 };
const messages = [{ role: "user", content: "Hi." }];
const waits = (wait: object) => ({ microtasks: [{ id: "a", kind: "answer", wait }] });

describe("reuse is refused by name", () => {
  it.each([
    ["of too short a time", { reuseMs: 999 }],
    ["of too long a time", { reuseMs: 30 * 86_400_000 + 1 }],
    ["of a time with a fraction", { reuseMs: 1_000.5 }],
    ["with the fast lane", { lane: "fast" }],
    ["with a webhook", { webhook: { url: "https://example.com/hook" } }],
    ["with cancelOnDisconnect", { cancelOnDisconnect: true }],
    ["with a plan that waits for a person", { plan: waits({ for: "approval" }) }],
    ["with a plan that waits for a time", { plan: waits({ untilMs: 1_800_000_000_000 }) }],
  ])("%s", async (_, more) => {
    for (const path of ["/v1/jobs?wait=true", "/v1/auctions/preview"]) {
      const refused = await server.ask(path, { body: { ...native, ...more } });
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ field: "reuseMs", detail: expect.stringContaining('"reuseMs"') });
    }
  });

  it.each([
    ["of too short a time", { reuse_ms: 1 }],
    ["with the fast lane", { reuse_ms: 60_000, lane: "fast" }],
    ["with cancel_on_disconnect", { reuse_ms: 60_000, cancel_on_disconnect: true }],
  ])("in OpenAI's dialect %s", async (_, atomic) => {
    const bodies = {
      "/v1/chat/completions": { model: "atomic", messages, atomic },
      "/v1/responses": { model: "atomic", input: "Hi.", atomic },
    };
    for (const [path, body] of Object.entries(bodies)) {
      const refused = await server.ask(path, { body });
      expect(refused.status).toBe(400);
      const { error } = await refused.json();
      expect(error).toMatchObject({ param: "atomic.reuse_ms", type: "invalid_request_error" });
      expect(error.message).toContain('"atomic.reuse_ms"');
    }
  });

  it("with an idempotency key, at every door, and in a batch", async () => {
    const atomic = { reuse_ms: 60_000 };
    const headers = { "idempotency-key": "k1" };
    const job = await server.ask("/v1/jobs", { body: native, headers });
    expect([job.status, (await job.json()).field]).toEqual([400, "reuseMs"]);
    for (const [path, body] of Object.entries({
      "/v1/chat/completions": { model: "atomic", messages, atomic },
      "/v1/responses": { model: "atomic", input: "Hi.", atomic },
    })) {
      const refused = await server.ask(path, { body, headers });
      expect([refused.status, (await refused.json()).error.param]).toEqual([400, "atomic.reuse_ms"]);
    }
    for (const named of [{}, headers]) {
      const batch = await server.ask("/v1/jobs:batch", { body: { jobs: [{ text: "Hi." }, native] }, headers: named });
      expect([batch.status, (await batch.json()).field]).toEqual([400, "jobs[1].reuseMs"]);
    }
    expect(server.jobs.jobs.size).toBe(0);
  });
});

it("a preview of a request that reuses is that of one that does not", async () => {
  const bids = async (body: object) => {
    const { auctions } = await (await server.ask("/v1/auctions/preview", { body })).json();
    return auctions;
  };
  expect(await bids(native)).toEqual(await bids({ text: native.text }));
});

it("the API's document says what it means, in both dialects", async () => {
  const { components } = await (await server.ask("/openapi.json", { method: "GET" })).json();
  const told = {
    type: "integer",
    minimum: 1_000,
    maximum: 30 * 86_400_000,
    description: expect.stringContaining("is given again and costs nothing"),
  };
  const { JobRequest, ChatCompletion, ResponseRequest } = components.schemas;
  expect(JobRequest.properties.reuseMs).toMatchObject(told);
  for (const body of [ChatCompletion, ResponseRequest])
    expect(body.properties.atomic.properties.reuse_ms).toMatchObject(told);
});
