import { describe, expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";
import { answers } from "./scripts.ts";

describe("budgets over HTTP", () => {
  it("are set by the operator and shown to the tenant", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "acme" } })).json();
    const set = await server.ask("/v1/tenants/acme/budget", { method: "PUT", body: { monthlyUsd: 12.5, jobUsd: 0.1 } });
    expect(await set.json()).toMatchObject({ tenant: "acme", monthlyUsd: 12.5, jobUsd: 0.1, leftUsd: 12.5 });
    expect(await (await server.ask("/v1/budget", { key })).json()).toMatchObject({ monthlyUsd: 12.5, costUsd: 0 });
    expect(await (await server.ask("/v1/tenants/acme/budget")).json()).toMatchObject({ tenant: "acme", jobUsd: 0.1 });
    expect((await server.ask("/v1/tenants/acme/budget", { key })).status).toBe(403);
    const off = await server.ask("/v1/tenants/acme/budget", { method: "PUT", body: { monthlyUsd: null } });
    expect(await off.json()).toMatchObject({ monthlyUsd: null, jobUsd: null, leftUsd: null });
    server.ledgerOf("acme").ledger.settle("job_1", null, { costNano: 7, chargeNano: 5 }, server.clock.nowMs);
    const csv = await server.ask("/v1/usage.csv", { key });
    expect(csv.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(await csv.text()).toMatch(/^month,jobs,cost_nano_usd,charge_nano_usd\r\n\d{4}-\d\d,1,7,5\r\n$/);
  });

  it.each([
    ["acme", { monthlyUsd: -1 }, "monthlyUsd"],
    ["acme", { monthlyUsd: "10" }, "monthlyUsd"],
    ["acme", { monthlyUsd: 1e12 }, "monthlyUsd"],
    ["acme", {}, "monthlyUsd"],
    ["acme", { monthlyUsd: 1, extra: 1 }, "extra"],
    ["ACME%20", { monthlyUsd: 1 }, ""],
  ])("refuse a bad limit of %s: %j", async (tenant, body, field) => {
    const server = testServer();
    const response = await server.ask(`/v1/tenants/${tenant}/budget`, { method: "PUT", body });
    expect(response.status).toBe(400);
    expect((await response.json()).field ?? "").toBe(field);
  });

  it("are no tenant's to change, and neither is what an attempt cost", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "acme" } })).json();
    const raise = await server.ask("/v1/tenants/acme/budget", { method: "PUT", body: { monthlyUsd: 1e6 }, key });
    expect(raise.status).toBe(403);
    const { id } = await (await server.ask("/v1/jobs", { body: { text: "Hi." }, key })).json();
    const usage = { input: 1, output: 1 };
    const path = `/v1/jobs/${id}/attempts/answer.1/usage`;
    expect((await server.ask(path, { method: "PUT", body: usage, key })).status).toBe(403);
    expect((await server.ask(path, { method: "PUT", body: usage })).status).toBe(404);
    expect((await server.ask(path, { method: "PUT", body: { ...usage, tenant: "acme" } })).status).toBe(204);
    const billed = { ...usage, billedUsd: 0.000084, tenant: "acme" };
    expect((await server.ask(path, { method: "PUT", body: billed })).status).toBe(204);
    expect(server.jobs.last()?.reconciled).toEqual([
      { attempt: "answer.1", usage: { ...usage, source: "provider" } },
      { attempt: "answer.1", usage: { ...usage, billedNano: 84_000, source: "provider" } },
    ]);
    for (const wrong of [{ output: -1 }, { billedUsd: -1 }])
      expect((await server.ask(path, { method: "PUT", body: { ...usage, ...wrong, tenant: "acme" } })).status).toBe(
        400,
      );
  });
});

describe("a job's ledger over HTTP", () => {
  it("is its owner's alone, as CSV and as JSON", async () => {
    const server = testServer();
    server.runs(answers("Hello."));
    const { id, links } = await (await server.ask("/v1/jobs?wait=5", { body: { text: "Hi." } })).json();
    const csv = await (await server.ask(links.ledger)).text();
    expect(csv.split("\r\n")[0]).toBe(
      "key,type,microtask,attempt,bidder,role,status,known,reconciled,price_from,input_tokens,cached_input_tokens,output_tokens,reasoning_tokens,cost_nano_usd,charge_nano_usd,at,cache_write_tokens",
    );
    expect(csv).toContain(`${id}/`);
    expect((await (await server.ask(`/v1/jobs/${id}/ledger`)).json()).entries.length).toBeGreaterThan(0);
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "other" } })).json();
    for (const path of [`/v1/jobs/${id}/ledger.csv`, `/v1/jobs/${id}/ledger`])
      expect((await server.ask(path, { key })).status).toBe(404);
  });
});

describe("approvals over HTTP", () => {
  it.each([
    [{}, 400, "approved"],
    [{ approved: "yes" }, 400, "approved"],
    [{ approved: true, by: "me" }, 400, "by"],
    [{ approved: true, note: "x".repeat(2001) }, 400, "note"],
  ])("refuse %j", async (body, status, field) => {
    const server = testServer();
    const { id } = await (await server.ask("/v1/jobs", { body: { text: "Hi." } })).json();
    const response = await server.ask(`/v1/jobs/${id}/approvals/send`, { body });
    expect(response.status).toBe(status);
    expect((await response.json()).field).toBe(field);
  });

  it.each([
    ["approve", "microtasks[0].wait"],
    [{ for: "money" }, "microtasks[0].wait"],
    [{ untilMs: -1 }, "microtasks[0].wait"],
    [{ untilMs: "tomorrow" }, "microtasks[0].wait"],
    [{ for: "approval", untilMs: 5 }, "microtasks[0].wait"],
  ])("a plan may not wait for %j", async (wait, field) => {
    const server = testServer();
    const plan = { microtasks: [{ id: "one", kind: "answer", wait }] };
    const response = await server.ask("/v1/jobs", { body: { text: "Hi.", plan } });
    expect(response.status).toBe(400);
    expect((await response.json()).field).toContain(field);
  });
});
