import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { answers, stalls } from "./scripts.ts";

const server = testServer();
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
const open: Client[] = [];

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => server.app.fetch(request));
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});
afterAll(() => loopback.close());

/** The protocol's own client. `legacy`: as clients of 2025 begin, by a handshake. */
async function connect(mode: "modern" | "legacy", key = operatorKey): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: mode === "legacy" ? { mode: "legacy" } : { mode: "auto" } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(`${loopback.url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  await client.connect(transport);
  open.push(client);
  return client;
}

const textOf = (result: { content?: unknown }): string =>
  (result.content as { type: string; text?: string }[]).map((part) => part.text ?? "").join("\n");

describe.each(["modern", "legacy"] as const)("MCP with a client of the %s protocol", (mode) => {
  it("lists its tools with their schemas", async () => {
    const { tools } = await (await connect(mode)).listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      "ask",
      "triage_mail",
      "get_job",
      "explain_job",
      "cancel_job",
      "rate_answer",
      "preview_auction",
      "list_bidders",
    ]);
    const ask = tools.find((tool) => tool.name === "ask");
    expect(ask?.inputSchema.required).toEqual(["text"]);
    expect(Object.keys(ask?.inputSchema.properties ?? {})).toContain("contract");
  });

  it("runs a job, tells how far it is, and says why", async () => {
    const client = await connect(mode);
    server.runs(answers("Paris."));
    const progress: string[] = [];
    const result = await client.callTool(
      { name: "ask", arguments: { text: "The capital of France?", policy: "cheap" } },
      { onprogress: ({ message }) => void progress.push(message ?? "") },
    );
    const job = server.jobs.last();
    expect(result.isError ?? false).toBe(false);
    expect(result.structuredContent).toMatchObject({ job: job?.id, status: "succeeded", answer: "Paris." });
    expect(textOf(result)).toMatch(/^Paris\.\n\n\[job_\S+ succeeded, by \S+, cost \$/);
    expect(job?.request).toMatchObject({ policy: "cheap", input: { type: "text", text: "The capital of France?" } });
    expect(progress[0]).toBe(`${job?.id} accepted`);
    expect(progress.some((message) => message.includes("started (leader)"))).toBe(true);

    const why = await client.callTool({ name: "explain_job", arguments: { job: job?.id } });
    expect(textOf(why)).toContain("The job succeeded with 1 microtask");
    const rated = await client.callTool({ name: "rate_answer", arguments: { job: job?.id, good: true } });
    expect(textOf(rated)).toBe("Recorded.");
  });

  it("says the same to a model as to a program: the value that was accepted", async () => {
    server.runs(answers('```json\n{"n": "7"}\n```', undefined, { n: 7 }));
    const contract = { schema: { type: "object", properties: { n: { type: "integer" } } } };
    const result = await (await connect(mode)).callTool({ name: "ask", arguments: { text: "x", contract } });
    expect(result.structuredContent).toMatchObject({ answer: { n: 7 } });
    expect(textOf(result)).toMatch(/^\{"n":7\}\n\n\[job_/);
  });

  it("refuses in words that a model can act on", async () => {
    const client = await connect(mode);
    const calls = [
      [{ name: "ask", arguments: { text: "x", kind: "classify" } }, /labels/],
      [{ name: "ask", arguments: { text: "x", bidders: ["nobody"] } }, /nobody/],
      [{ name: "ask", arguments: { text: "x", budgt: 1 } }, /budgt/],
      [{ name: "get_job", arguments: { job: "job_x" } }, /^not-found \(job\): There is no such job/],
      [{ name: "rate_answer", arguments: { job: "job_x" } }, /label.*good/],
    ] as const;
    for (const [call, says] of calls) {
      const result = await client.callTool(call);
      expect(result.isError).toBe(true);
      expect(textOf(result)).toMatch(says);
    }
  });

  it("does not wait longer than asked: the job goes on and is found by its id", async () => {
    const client = await connect(mode);
    server.runs(stalls);
    const result = await client.callTool({ name: "ask", arguments: { text: "x", waitS: 0 } });
    const id = server.jobs.last()?.id;
    expect(result.structuredContent).toMatchObject({ job: id, status: "running", answer: null });
    expect(textOf(result)).toContain("get_job has the answer later");
    expect(textOf(await client.callTool({ name: "cancel_job", arguments: { job: id } }))).toBe("The job is cancelled.");
    const after = await client.callTool({ name: "get_job", arguments: { job: id } });
    expect(after.structuredContent).toMatchObject({ job: id, status: "cancelled" });
  });

  it("previews an auction without running anything", async () => {
    const client = await connect(mode);
    const before = server.jobs.last()?.id;
    const result = await client.callTool({ name: "preview_auction", arguments: { text: "x" } });
    expect(textOf(result)).toMatch(/% likely accepted, \$/);
    const { structuredContent } = await client.callTool({ name: "list_bidders" });
    expect(structuredContent).toMatchObject({
      bidders: [{ id: "embedded/eld", enabled: true }, { serves: "generative" }, {}],
    });
    expect(server.jobs.last()?.id).toBe(before);
  });
});

it("cancels the job of a call that its client cancels", async () => {
  const client = await connect("modern");
  server.runs(stalls);
  const leave = new AbortController();
  const cancelled = new Promise<void>((resolve) => {
    const call = client.callTool(
      { name: "ask", arguments: { text: "x" } },
      {
        signal: leave.signal,
        onprogress: ({ message }) => {
          if (message?.includes("started") !== true) return;
          const job = server.jobs.last();
          if (job !== undefined) job.onCancel = resolve;
          leave.abort();
        },
      },
    );
    call.catch(() => {});
  });
  await cancelled;
  expect(server.jobs.last()?.cancelled).toBe("disconnect");
});

it("writes to a client that waits without progress, so that the server sees it leave", {
  timeout: 10_000,
}, async () => {
  server.runs(stalls);
  const leave = new AbortController();
  const leaving: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(init?.body).includes("tools/call")) return response;
    let seen = "";
    for await (const part of response.body ?? []) {
      seen += new TextDecoder().decode(part);
      if (/^: ?keepalive/m.test(seen)) leave.abort();
    }
    return response;
  };
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  open.push(client);
  const requestInit = { headers: { authorization: `Bearer ${operatorKey}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${loopback.url}/mcp`), { requestInit, fetch: leaving }),
  );
  const call = client.callTool({ name: "ask", arguments: { text: "x" } }, { signal: leave.signal });
  await expect(call).rejects.toThrow(/abort/i);
});

describe("MCP at the border", () => {
  it("needs a key, and shows nobody another tenant's job", async () => {
    const bare = await server.app.request("/mcp", { method: "POST", body: "{}" });
    expect(bare.status).toBe(401);
    server.runs(answers("Secret."));
    await (await connect("modern")).callTool({ name: "ask", arguments: { text: "x" } });
    const { key } = await server.ports.access.createKey("other", { days: null, scope: "all" });
    const stranger = await connect("modern", key);
    const result = await stranger.callTool({ name: "get_job", arguments: { job: server.jobs.last()?.id } });
    expect(textOf(result)).toMatch(/^not-found/);
  });

  it("takes POST of JSON only", async () => {
    const headers = { authorization: `Bearer ${operatorKey}` };
    expect((await server.app.request("/mcp", { headers })).status).toBe(405);
    const plain = { method: "POST", headers: { ...headers, "content-type": "text/plain" }, body: "{}" };
    expect((await server.app.request("/mcp", plain)).status).toBe(415);
    const garbage = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: '{"a":1}' };
    const refused = await server.app.request("/mcp", garbage);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", error: { code: expect.any(Number) } });
  });
});
