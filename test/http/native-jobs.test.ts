import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mayNotErase } from "../../durable-objects/may-not-erase.ts";
import { generative } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { answers, refuses, stalls } from "./scripts.ts";

describe("POST /v1/jobs", () => {
  it("answers 202 with the id and where to look", async () => {
    const server = testServer();
    const response = await server.ask("/v1/jobs", { body: { text: "Say hello." } });
    expect(response.status).toBe(202);
    const body = await response.json();
    expect(body.id).toMatch(/^job_[0-9a-f]{64}_[0-9a-f]{16}$/);
    expect(response.headers.get("location")).toBe(`/v1/jobs/${body.id}`);
    expect(response.headers.get("atomic-job-id")).toBe(body.id);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const view = await (await server.ask(body.links.self)).json();
    expect(view).toMatchObject({ id: body.id, status: "succeeded", answer: { text: "Hello." } });
  });

  it.each([
    [{ plan: "auto", kind: "classify", text: "A red car." }, "labels"],
    [
      {
        plan: "map-reduce",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi" },
        ],
      },
      "plan",
    ],
  ])("refuses %j, of which a part would reach nobody: %s", async (body, field) => {
    const response = await testServer().ask("/v1/jobs", { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid-request", field });
  });

  it("is kept by no cache, and neither is any other answer of the API; its streams are not buffered", async () => {
    const server = testServer();
    const body = { text: "Say hello." };
    const { links } = await (await server.ask("/v1/jobs", { body })).json();
    for (const asked of [
      server.ask("/v1/jobs", { body }),
      server.ask("/v1/jobs"),
      server.ask(links.self),
      server.ask("/v1/bidders"),
      server.ask("/v1/models"),
      server.ask("/v1/nothing"),
      server.ask("/v1/jobs", { key: null }),
      server.ask("/v1/chat/completions", { body: { model: "atomic", messages: [{ role: "user", content: "Hi" }] } }),
    ]) {
      const response = await asked;
      expect([response.url, response.headers.get("cache-control")]).toEqual([response.url, "private, no-store"]);
    }
    expect((await server.ask(`${links.self}/events`)).headers.get("cache-control")).toBe("no-cache");
  });

  it("normalises the request with its defaults", async () => {
    const server = testServer();
    await server.ask("/v1/jobs", {
      body: { text: "Ist das Spam?", kind: "spam", budgetUsd: 0.01, valueUsd: 0.5, deadlineMs: 5000 },
    });
    expect(server.jobs.last()?.request).toEqual({
      input: { type: "text", text: "Ist das Spam?" },
      kind: "spam",
      plan: "single",
      instruction: "",
      labels: null,
      contract: { criteria: [], judged: [] },
      valueNano: 500_000_000,
      budgetNano: 10_000_000,
      deadlineMs: 5000,
      policy: "balanced",
      strategy: "auto",
      delivery: "accepted",
      leaderChange: "restart",
      bidders: null,
      maxOutputTokens: null,
      temperature: null,
      examples: false,
      noRetention: false,
      region: null,
      cancelOnDisconnect: false,
      metadata: {},
    });
  });

  it("takes the plan that docs/api.md shows", async () => {
    const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
    const [, shown = ""] = /```json\n([\s\S]+?)```/.exec(page) ?? [];
    const ids = ["sim/steady", "sim/quick"];
    const server = testServer({ bidders: ids.map((id) => generative(id)) });
    const response = await server.ask("/v1/jobs", { body: JSON.parse(shown) });
    expect([response.status, await response.text()]).toEqual([202, expect.any(String)]);
    expect(server.jobs.last()?.request.plan).toMatchObject({ microtasks: { length: 3 }, assembly: { type: "object" } });
  });

  it("says when to try again where the end of a job is still being told", async () => {
    const server = testServer();
    const { id } = await (await server.ask("/v1/jobs", { body: { text: "Hi." } })).json();
    const open = server.ports.jobs.open;
    const deleted = async (status: "running" | "cancelled") => {
      server.ports.jobs.open = async (caller, name) => {
        const job = await open(caller, name);
        return job === null ? null : { ...job, erase: async () => mayNotErase({ status }) };
      };
      const refused = await server.ask(`/v1/jobs/${id}`, { method: "DELETE" });
      return [refused.status, refused.headers.get("retry-after")];
    };
    expect(await deleted("cancelled")).toEqual([409, "2"]);
    expect(await deleted("running")).toEqual([409, null]);
  });

  it("keeps what it says of how tokens are drawn, and refuses what no provider takes", async () => {
    const server = testServer();
    const sampling = { topP: 0.9, seed: 42, frequencyPenalty: -0.5, presencePenalty: 1 };
    await server.ask("/v1/jobs", { body: { text: "Hi.", ...sampling } });
    expect(server.jobs.last()?.request.sampling).toEqual(sampling);
    for (const [field, value] of Object.entries({ topP: 1.1, seed: 0.5, frequencyPenalty: 3, presencePenalty: -3 })) {
      const refused = await server.ask("/v1/jobs", { body: { text: "Hi.", [field]: value } });
      expect([refused.status, (await refused.json()).field]).toEqual([400, field]);
    }
  });

  it.each([
    [{ text: "Hi" }, "live"],
    [{ text: "Hi", contract: { criteria: [{ type: "length", max: 10 }] } }, "accepted"],
    [{ text: "Hi", contract: { schema: { type: "object" } } }, "accepted"],
    [{ text: "Hi", contract: { judged: ["is polite"] } }, "accepted"],
    [{ text: "Hi", plan: "map-reduce" }, "accepted"],
    [{ text: "Hi", kind: "spam" }, "accepted"],
    [{ text: "Hi", kind: "spam", delivery: "live" }, "live"],
  ])("%j is delivered %s", async (body, delivery) => {
    const server = testServer({
      bidders: [generative("x/all")],
    });
    expect((await server.ask("/v1/jobs", { body })).status).toBe(202);
    expect(server.jobs.last()?.request.delivery).toBe(delivery);
  });

  it("takes a conversation, a mail as JSON and a raw mail", async () => {
    const server = testServer();
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello?" },
    ];
    await server.ask("/v1/jobs", { body: { messages } });
    expect(server.jobs.last()?.request.input).toEqual({ type: "messages", messages });

    const raw = "From: a@example.org\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n";
    for (const init of [{ body: { email: raw } }, { body: raw, headers: { "content-type": "message/rfc822" } }]) {
      expect((await server.ask("/v1/jobs", init)).status).toBe(202);
      expect(server.jobs.last()?.request).toMatchObject({
        plan: "email-triage",
        delivery: "accepted",
        input: {
          type: "email",
          text: "Subject: Invoice\n\nPlease pay.",
          mail: { subject: "Invoice", from: "a@example.org" },
        },
      });
    }
  });

  it("makes a job that says so of a mail over 25 MiB", async () => {
    const server = testServer();
    const body = new Uint8Array(25 * 1024 * 1024 + 5000).fill(97);
    body.set(new TextEncoder().encode("From: a@example.org\r\n\r\n"));
    const response = await server.ask("/v1/jobs", { body, headers: { "content-type": "message/rfc822" } });
    expect(response.status).toBe(202);
    expect(server.jobs.last()?.request.input).toMatchObject({ mail: { oversized: true } });
  });

  it("takes the caller's own plan and fills in its defaults", async () => {
    const server = testServer();
    const response = await server.ask("/v1/jobs", {
      body: {
        text: "A long story.",
        plan: {
          microtasks: [
            { id: "facts", kind: "extract", valueUsd: 0.1 },
            { id: "text", kind: "draft", needs: ["facts"] },
          ],
          assembly: { type: "single", of: "text" },
        },
      },
    });
    expect(response.status).toBe(202);
    expect(server.jobs.last()?.request.plan).toMatchObject({
      microtasks: [
        { id: "facts", input: [{ from: "job" }], needs: [], required: true, valueNano: 100_000_000 },
        { id: "text", input: [{ from: "job" }, { from: "microtask", id: "facts" }], needs: ["facts"], valueNano: null },
      ],
    });
  });

  it.each(["?wait=true", "?wait=20", ""])("waits for the end when asked to (%s)", async (query) => {
    const server = testServer();
    const headers: Record<string, string> = query === "" ? { prefer: "respond-async, wait=20" } : {};
    const response = await server.ask(`/v1/jobs${query}`, { body: { text: "Hi" }, headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: "succeeded",
      answer: { text: "Hello." },
      costUsd: 0.0000015,
    });
  });

  it("shows a failed job as failed, and gives 202 when the wait was too short", async () => {
    const server = testServer();
    server.runs(refuses("bidders-failed", "All bidders failed. Try later."));
    const failed = await server.ask("/v1/jobs?wait=true", { body: { text: "Hi" } });
    expect(await failed.json()).toMatchObject({ status: "failed", error: { code: "bidders-failed" } });
    server.runs(stalls);
    expect((await server.ask("/v1/jobs?wait=1", { body: { text: "Hi" } })).status).toBe(202);
    expect(server.jobs.last()?.streams.size).toBe(0);
  });

  it("goes on waiting over a restart of the job's object", async () => {
    const server = testServer();
    server.runs(async (job) => {
      stalls(job);
      const second = setInterval(() => {
        if (job.waiting.size === 0) return;
        if (job.log.length === 4) {
          job.write({ type: "epoch-started", epoch: 2 });
          job.breakStreams();
        } else {
          clearInterval(second);
          answers("Hello again.")(job);
        }
      }, 5);
    });
    const response = await server.ask("/v1/jobs?wait=true", { body: { text: "Hi" } });
    expect(await response.json()).toMatchObject({ status: "succeeded", answer: { text: "Hello again." } });
  });
});

describe("a job", () => {
  it("is listed, explained, cancelled and takes feedback", async () => {
    const server = testServer();
    server.runs(stalls);
    const { id } = await (await server.ask("/v1/jobs", { body: { text: "Hi" } })).json();
    const list = await (await server.ask("/v1/jobs?limit=1")).json();
    expect(list).toMatchObject({ jobs: [{ id, status: "running", costUsd: 0 }], next: `1790000000000_${id}` });
    expect(await (await server.ask(`/v1/jobs/${id}/explain`)).json()).toMatchObject({
      job: id,
      sentences: expect.arrayContaining(["The job is running with 1 microtask and cost $0."]),
      microtasks: [{ id: "answer", decisions: [{ kind: "answer" }] }],
    });
    const given = await server.ask("/v1/feedback", { body: { job: id, microtask: "answer", good: true } });
    expect(given.status).toBe(202);
    expect(server.jobs.last()?.feedback).toEqual([{ microtask: "answer", good: true, byOperator: true }]);
    const cancelled = await server.ask(`/v1/jobs/${id}/cancel`, { method: "POST" });
    expect([cancelled.status, await cancelled.json()]).toEqual([202, { id, status: "cancelled" }]);
    expect(server.jobs.last()?.cancelled).toBe("client");
    expect((await server.ask(`/v1/jobs/${id}/cancel`, { method: "POST" })).status).toBe(202);
  });

  it("that has ended is not cancelled: its answer stands", async () => {
    const server = testServer();
    server.runs(answers("Hello."));
    const { id } = await (await server.ask("/v1/jobs?wait=true", { body: { text: "Hi" } })).json();
    for (const path of [`/v1/jobs/${id}/cancel`, `/v1/responses/resp_${id}/cancel`]) {
      const refused = await server.ask(path, { method: "POST" });
      const { code, error } = await refused.json();
      expect([refused.status, code ?? error.code], path).toEqual([409, "conflict"]);
    }
    expect(await (await server.ask(`/v1/jobs/${id}`)).json()).toMatchObject({ answer: { text: "Hello." } });
  });

  it("is listed for the operator too, without its texts, and for no other tenant", async () => {
    const server = testServer();
    server.runs(answers("A secret answer."));
    const keyOf = async (tenant: string) => (await (await server.ask("/v1/keys", { body: { tenant } })).json()).key;
    const [acme, other] = [await keyOf("acme"), await keyOf("other")];
    const { id } = await (await server.ask("/v1/jobs?wait=5", { body: { text: "A secret." }, key: acme })).json();
    const seen = await server.ask("/v1/tenants/acme/jobs?limit=5");
    const text = await seen.text();
    expect(JSON.parse(text)).toMatchObject({ jobs: [{ id, tenant: "acme", status: "succeeded" }], next: null });
    expect(text).not.toContain("secret");
    expect(await (await server.ask("/v1/tenants/acme/chain")).json()).toEqual({ tenant: "acme", end: null });
    expect((await (await server.ask("/v1/jobs")).json()).jobs).toEqual([]);
    for (const path of ["jobs", "chain"]) {
      expect((await server.ask(`/v1/tenants/acme/${path}`, { key: other })).status).toBe(403);
      expect((await server.ask(`/v1/tenants/acme/${path}`, { key: acme })).status).toBe(403);
      expect((await server.ask(`/v1/tenants/AC%20ME/${path}`)).status).toBe(400);
    }
  });

  it("stands on one page of a list, also among jobs of its millisecond", async () => {
    const server = testServer();
    server.runs(stalls);
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push((await (await server.ask("/v1/jobs", { body: { text: "Hi" } })).json()).id);
    const seen: string[] = [];
    for (let before = ""; ; ) {
      const page = await (await server.ask(`/v1/jobs?limit=2${before}`)).json();
      seen.push(...page.jobs.map((job: { id: string }) => job.id));
      if (page.next === null) break;
      before = `&before=${page.next}`;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(made));
    const earlier = await (await server.ask("/v1/jobs?before=1790000000000")).json();
    expect(earlier.jobs).toEqual([]);
  });

  it("is previewed without being made", async () => {
    const server = testServer();
    const response = await server.ask("/v1/auctions/preview", { body: { text: "Hi" } });
    expect(await response.json()).toMatchObject({
      auctions: [
        {
          microtask: "answer",
          decision: { award: [{ role: "leader" }, { role: "hedge" }], why: expect.stringMatching(/\./) },
        },
      ],
    });
    expect(server.jobs.jobs.size).toBe(0);
  });

  it("is told in a preview, too, that money is what it lacks, by the field that was posted", async () => {
    const server = testServer();
    const previewed = async (body: object) =>
      (await (await server.ask("/v1/auctions/preview", { body: { text: "Hi", ...body } })).json()).auctions[0].decision;
    expect(await previewed({ budgetUsd: 0.000000001 })).toEqual({
      code: "budget-exceeded",
      message: expect.stringMatching(/it may cost \$.* Raise the budget, or lower maxOutputTokens\.$/),
      field: "budgetUsd",
    });
  });

  it("is a case of what its caller says, in a job, in a microtask of a plan and in a preview", async () => {
    const server = testServer();
    await server.ask("/v1/jobs", { body: { text: "Hi", context: "support: refunds" } });
    expect(server.jobs.last()?.request.context).toBe("support: refunds");
    await server.ask("/v1/jobs", { body: { text: "Hi" } });
    expect(server.jobs.last()?.request).not.toHaveProperty("context");
    const plan = { microtasks: [{ id: "a", kind: "answer", context: "invoices" }] };
    await server.ask("/v1/jobs", { body: { text: "Hi", plan } });
    expect(server.jobs.last()?.request.plan).toMatchObject({ microtasks: [{ id: "a", context: "invoices" }] });
    const preview = await server.ask("/v1/auctions/preview", { body: { text: "Hi", context: "support" } });
    expect(await preview.json()).toMatchObject({ auctions: [{ decision: { cell: "answer/support/latin/0" } }] });
  });
});

describe("tenants", () => {
  it("never see each other's jobs", async () => {
    const server = testServer();
    const [a, b] = await Promise.all(
      ["alpha", "beta"].map(async (tenant) => {
        const response = await server.ask("/v1/keys", { body: { tenant } });
        expect(response.status).toBe(201);
        return (await response.json()).key as string;
      }),
    );
    const { id } = await (await server.ask("/v1/jobs", { body: { text: "mine" }, key: a })).json();
    expect((await server.ask(`/v1/jobs/${id}`, { key: a })).status).toBe(200);
    const woken = server.jobs.opened();
    for (const key of [b, operatorKey]) {
      for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`, `/v1/jobs/${id}/explain`])
        expect((await server.ask(path, { key })).status).toBe(404);
      expect((await server.ask(`/v1/jobs/${id}/cancel`, { method: "POST", key })).status).toBe(404);
      expect((await server.ask("/v1/feedback", { body: { job: id, good: false }, key })).status).toBe(404);
      expect(await (await server.ask("/v1/jobs", { key })).json()).toEqual({ jobs: [], next: null });
    }
    expect(server.jobs.opened()).toBe(woken);
  });
});

describe("keys", () => {
  it("are listed for the operator alone, without their secrets, revoked ones as such", async () => {
    const server = testServer();
    const made = await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json();
    expect((await server.ask("/v1/keys", { method: "GET", key: made.key })).status).toBe(403);
    await server.ask(`/v1/keys/${made.id}`, { method: "DELETE" });
    const text = await (await server.ask("/v1/keys", { method: "GET" })).text();
    const { nowMs } = server.clock;
    const terms = { expiresAtMs: null, scope: "all" };
    expect(JSON.parse(text)).toEqual({
      keys: [{ id: made.id, tenant: "alpha", createdAtMs: nowMs, revokedAtMs: nowMs, ...terms }],
    });
    expect(text).not.toContain(made.key.slice(-20));
  });
});

describe("bidders", () => {
  it("are shown to all and changed by the operator, with slashes in their ids", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json();
    expect((await (await server.ask("/v1/bidders", { key })).json()).bidders).toHaveLength(3);
    for (const path of ["/v1/bidders/workers-ai/@cf/meta/llama", "/v1/bidders/workers-ai%2F%40cf%2Fmeta%2Fllama"])
      expect(await (await server.ask(path, { key })).json()).toMatchObject({ id: "workers-ai/@cf/meta/llama" });

    const put = { method: "PUT", body: { serves: "generative" } };
    expect((await server.ask("/v1/bidders/ollama/llama3:8b", { ...put, key })).status).toBe(403);
    expect(await (await server.ask("/v1/bidders/ollama/llama3:8b", put)).json()).toEqual({ id: "ollama/llama3:8b" });
    expect((await server.ask("/v1/bidders/ollama/llama3:8b", { method: "DELETE", key })).status).toBe(403);
    expect((await server.ask("/v1/bidders/ollama/llama3:8b", { method: "DELETE" })).status).toBe(204);
    expect((await server.ask("/v1/bidders/ollama/llama3:8b")).status).toBe(404);
    expect(await (await server.ask("/v1/bidders/ollama/x", { ...put, body: {} })).json()).toMatchObject({
      code: "invalid-bidder",
      field: "serves",
    });
    expect((await server.ask("/v1/bidders/noslash", put)).status).toBe(400);
  });

  it("that the operator did not add are switched off and on, and deleting them says so", async () => {
    const vader = { ...generative("embedded/vader"), serves: ["sentiment" as const] };
    const server = testServer({ bidders: [vader, generative("local/llama")] });
    server.ports.market.deleteBidder = async () => false;
    const path = "/v1/bidders/embedded/vader";
    for (const enabled of [false, true]) {
      const put = await server.ask(path, { method: "PUT", body: { enabled } });
      expect(await put.json()).toEqual({ id: "embedded/vader", enabled });
      expect(await (await server.ask(path)).json()).toMatchObject({ enabled });
    }
    const detail = async (id: string) => {
      const response = await server.ask(`/v1/bidders/${id}`, { method: "DELETE" });
      return [response.status, (await response.json()).detail];
    };
    expect(await detail("embedded/vader")).toEqual([400, expect.stringMatching(/is built in .*"enabled": false/)]);
    expect(await detail("local/llama")).toEqual([400, expect.stringMatching(/ATOMIC_LLM_MODEL.* -- off local\/llama/)]);
    expect((await detail("nobody/none"))[0]).toBe(404);
    const nobody = await server.ask("/v1/bidders/nobody/none", { method: "PUT", body: { enabled: false } });
    expect(nobody.status).toBe(404);
  });

  it("are shown to the operator with what was learned of them, to nobody else", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json();
    expect(await (await server.ask("/v1/market")).json()).toEqual({ kinds: [] });
    const rows = [{ bidder: "openai/small", kind: "answer", context: "support/latin", accepted: 18, n: 20 }];
    expect(await (await server.ask("/v1/market/priors", { body: { rows } })).json()).toEqual({ taken: 1, refused: [] });
    expect((await server.ask("/v1/market", { key })).status).toBe(403);
    const { kinds } = await (await server.ask("/v1/market")).json();
    expect(kinds).toMatchObject([
      {
        kind: "answer",
        contexts: [{ context: "support/latin", outcomes: 20 }],
        bidders: [{ bidder: "openai/small", n: 20, brier: null, contexts: [{ n: 20 }] }],
      },
    ]);
    expect(kinds[0].bidders[0].contexts[0].mean).toBeGreaterThan(0.8);
  });
});

it("tells at most twenty of many faults, and of a number out of bounds the bound of its field", async () => {
  const server = testServer();
  const metadata = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`key${i}`, 1]));
  const many = await (await server.ask("/v1/jobs", { body: { text: "x", metadata } })).json();
  expect(many.errors?.length ?? 0).toBeLessThanOrEqual(20);
  const far = await (await server.ask("/v1/jobs", { body: { text: "x", deadlineMs: 1e308 } })).json();
  expect(far).toMatchObject({ field: "deadlineMs" });
  expect(far.detail).toContain("2592000000");
});
