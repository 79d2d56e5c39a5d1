import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { operations } from "../../src/http/openapi/operations.ts";
import { testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { answers } from "./scripts.ts";

const dayMs = 24 * 60 * 60 * 1000;

async function keysOf(server: ReturnType<typeof testServer>, terms: object = {}): Promise<{ id: string; key: string }> {
  return (await server.ask("/v1/keys", { body: { tenant: "alpha", ...terms } })).json();
}

/** A job of alpha's, as a key of all made it. */
async function jobOf(server: ReturnType<typeof testServer>): Promise<string> {
  server.runs(answers("Paris."));
  const { key } = await keysOf(server);
  return (await (await server.ask("/v1/jobs?wait=true", { body: { text: "x" }, key })).json()).id;
}

describe("a key of scope read", () => {
  it("follows, lists and explains its tenant's jobs, previews auctions, and is shown as what it is", async () => {
    const server = testServer();
    const job = await jobOf(server);
    const { id, key } = await keysOf(server, { scope: "read" });
    for (const path of [
      "/v1/jobs",
      `/v1/jobs/${job}`,
      `/v1/jobs/${job}/explain`,
      `/v1/jobs/${job}/events`,
      "/v1/usage",
    ])
      expect([path, (await server.ask(path, { key })).status]).toEqual([path, 200]);
    expect((await server.ask(`/v1/jobs/${job}`, { key, method: "HEAD" })).status).toBe(200);
    expect((await server.ask("/v1/auctions/preview", { key, body: { text: "x" } })).status).toBe(200);
    const { keys } = await (await server.ask("/v1/keys")).json();
    expect(keys).toContainEqual(expect.objectContaining({ id, scope: "read", expiresAtMs: null }));
  });

  const harmless = ["post /v1/auctions/preview"];
  const changing = operations.filter(({ method, path }) => method !== "get" && !harmless.includes(`${method} ${path}`));

  it.each(changing.map(({ method, path, tag }) => [method.toUpperCase(), path, tag]))(
    "is refused %s %s, with the scope's name",
    async (method, path, tag) => {
      const server = testServer();
      const { key } = await keysOf(server, { scope: "read" });
      const asked = path.replace(/\{\w+\}/g, "x");
      const response = await server.ask(asked, { method, key, ...(method === "DELETE" ? {} : { body: {} }) });
      const said = await response.json();
      expect(response.status).toBe(403);
      const code = tag === "anthropic" ? said.error.details.error_code : (tag === "openai" ? said.error : said).code;
      expect(code).toBe("forbidden");
      expect(JSON.stringify(said)).toContain('scope is \\"read\\"');
    },
  );

  it("changes nothing of a job by any route, and does not see what signs webhooks", async () => {
    const server = testServer();
    const job = await jobOf(server);
    const { key } = await keysOf(server, { scope: "read" });
    const before = await (await server.ask(`/v1/jobs/${job}`, { key })).text();
    for (const [method, path, body] of [
      ["POST", `/v1/jobs/${job}/cancel`, {}],
      ["DELETE", `/v1/jobs/${job}`, undefined],
      ["DELETE", `/v1/responses/${job.replace("job_", "resp_")}`, undefined],
      ["POST", "/v1/feedback", { job, good: true }],
      ["GET", "/v1/webhook-secret", undefined],
    ] as const)
      expect((await server.ask(path, { method, key, body })).status).toBe(403);
    expect(await (await server.ask(`/v1/jobs/${job}`, { key })).text()).toBe(before);
    expect((await server.ask("/v1/webhook-secret", { key: (await keysOf(server)).key })).status).toBe(200);
  });

  it("looks by cookie as well, and no more", async () => {
    const server = testServer();
    const { key } = await keysOf(server, { scope: "read" });
    const cookie = `atomic_session=${await server.ports.access.signIn(key)}`;
    expect((await server.ask("/v1/jobs", { key: null, headers: { cookie } })).status).toBe(200);
    expect((await server.ask("/v1/jobs", { key: null, headers: { cookie }, body: { text: "x" } })).status).toBe(403);
  });

  it("has the tools that only look", async () => {
    const server = testServer();
    const job = await jobOf(server);
    const { key } = await keysOf(server, { scope: "read" });
    const loopback = await serveOnLoopback((request) => server.app.fetch(request));
    const client = new Client({ name: "test", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${loopback.url}/mcp`), { requestInit }));
    const refusedOf = async (name: string, args: Record<string, unknown>) =>
      JSON.stringify(await client.callTool({ name, arguments: args })).includes("forbidden: This key's scope");
    expect(await refusedOf("get_job", { job })).toBe(false);
    expect(await refusedOf("explain_job", { job })).toBe(false);
    expect(await refusedOf("preview_auction", { text: "x" })).toBe(false);
    expect(await refusedOf("list_bidders", {})).toBe(false);
    expect(await refusedOf("ask", { text: "x" })).toBe(true);
    expect(await refusedOf("triage_mail", { email: "Subject: x\r\n\r\nx" })).toBe(true);
    expect(await refusedOf("cancel_job", { job })).toBe(true);
    expect(await refusedOf("rate_answer", { job, good: true })).toBe(true);
    await client.close();
    await loopback.close();
  });
});

describe("a key with days", () => {
  it("works until then, and is the same nobody afterwards as a key that never was", async () => {
    const server = testServer();
    const { key } = await keysOf(server, { days: 30 });
    const never = `${key.slice(0, -3)}${key.endsWith("aaa") ? "bbb" : "aaa"}`;
    server.clock.nowMs += 30 * dayMs - 1;
    expect((await server.ask("/v1/jobs", { key })).status).toBe(200);
    server.clock.nowMs += 1;
    const [late, unknown] = await Promise.all([key, never].map((one) => server.ask("/v1/jobs", { key: one })));
    expect([late?.status, unknown?.status]).toEqual([401, 401]);
    expect({ ...(await late?.json()), requestId: "" }).toEqual({ ...(await unknown?.json()), requestId: "" });
  });

  it.each([0, 3_651, 1.5, "30", null])("is not made with %j of them", async (days) => {
    const response = await testServer().ask("/v1/keys", { body: { tenant: "alpha", days } });
    expect([response.status, (await response.json()).field]).toEqual([400, "days"]);
  });
});
