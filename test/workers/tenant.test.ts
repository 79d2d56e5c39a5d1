import {
  abortAllDurableObjects,
  createExecutionContext,
  createMessageBatch,
  evictDurableObject,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, inject, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import worker from "../../src/worker.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { bidder, call, keyOf, languageSpecialists, post, put } from "./call.ts";
import type { SinkPost } from "./provider.ts";

describe("a job with a name", () => {
  it("is one job for 100 posts at once", async () => {
    const responses = await Promise.all(
      Array.from({ length: 100 }, () =>
        post(
          "/v1/jobs",
          { text: "Bonjour tout le monde.", kind: "language", bidders: languageSpecialists },
          { "idempotency-key": "hundred" },
        ),
      ),
    );
    const bodies = (await Promise.all(responses.map((r) => r.json()))) as { id: string }[];
    expect(responses.map((r) => r.status)).toEqual(Array(100).fill(202));
    expect(new Set(bodies.map((b) => b.id)).size).toBe(1);
    expect(responses.filter((r) => r.headers.get("idempotent-replayed") === null)).toHaveLength(1);
    const other = await post(
      "/v1/jobs",
      { text: "Hola.", kind: "language", bidders: languageSpecialists },
      { "idempotency-key": "hundred" },
    );
    expect(other.status).toBe(422);
  });

  it("is one job for a message that the queue delivers three times", async () => {
    const body = {
      tenant: "queued",
      job: { text: "Guten Morgen, meine Damen.", kind: "language", bidders: languageSpecialists },
    };
    const id = crypto.randomUUID();
    const deliver = async (attempts: number) => {
      const batch = createMessageBatch("atomic-intake", [{ id, timestamp: new Date(0), attempts, body }]);
      const ctx = createExecutionContext();
      await worker.queue(batch, env, ctx);
      return getQueueResult(batch, ctx);
    };
    for (const attempts of [1, 2, 3]) expect((await deliver(attempts)).explicitAcks).toEqual([id]);
    const count = () => env.DB.prepare("select count(*) n from jobs where tenant = 'queued'").first("n");
    await expect.poll(count, { timeout: 10_000 }).toBe(1);
  });

  it("is the job that is there when its tenant's money is spent since, its rules changed or its bidder gone", async () => {
    const model = await bidder("asked-again", { text: "Once." });
    await put("/v1/tenants/again/budget", { monthlyUsd: 1 });
    const key = { ...(await keyOf("again")), "idempotency-key": "again" };
    const job = { text: "Say it once.", bidders: [model] };
    const chat = { model, messages: [{ role: "user", content: "Say it once." }] };
    const batch = { jobs: [job] };
    const id = crypto.randomUUID();
    const deliver = async (attempts: number) => {
      const body = { tenant: "again", job };
      const messages = createMessageBatch("atomic-intake", [{ id, timestamp: new Date(0), attempts, body }]);
      const ctx = createExecutionContext();
      await worker.queue(messages, env, ctx);
      return (await getQueueResult(messages, ctx)).explicitAcks;
    };
    const all = async () => {
      const made = (await (await post("/v1/jobs?wait=20", job, key)).json()) as JobView;
      const said = (await (await post("/v1/chat/completions", chat, { ...key, "idempotency-key": "chat" })).json()) as {
        id: string;
      };
      const many = await post("/v1/jobs:batch", batch, key);
      return { made: [made.id, made.status], said: said.id, many: await many.json(), acks: await deliver(1) };
    };
    const first = await all();
    expect(first).toMatchObject({ made: [expect.stringMatching(/^job_/), "succeeded"], acks: [id] });
    const repeated = { ...first, many: { jobs: [{ repeated: true }] } };
    await put("/v1/tenants/again/budget", { monthlyUsd: 0 });
    expect(await all()).toMatchObject(repeated);
    expect((await post("/v1/jobs", job, { ...key, "idempotency-key": "another" })).status).toBe(402);
    await put("/v1/tenants/again/budget", { monthlyUsd: 1 });
    await put("/v1/tenants/again/rules", { bidders: ["embedded/franc"] });
    expect(await all()).toMatchObject(repeated);
    expect((await post("/v1/jobs", job, { ...key, "idempotency-key": "another" })).status).toBeGreaterThanOrEqual(400);
    await call(`/v1/bidders/${model}`, { method: "DELETE" });
    expect(await all()).toMatchObject(repeated);
  });

  it("is made of a message whose bidder, rules or settings were not there when it first came", async () => {
    const deliver = async (attempts: number) => {
      const body = { tenant: "early", job: { text: "Guten Morgen.", bidders: ["test/comes-later"] } };
      const batch = createMessageBatch("atomic-intake", [{ id: "early", timestamp: new Date(0), attempts, body }]);
      const ctx = createExecutionContext();
      await worker.queue(batch, env, ctx);
      return getQueueResult(batch, ctx);
    };
    expect(await deliver(1)).toMatchObject({ explicitAcks: [], retryMessages: [{ msgId: "early" }] });
    await bidder("comes-later", { text: "Good morning." });
    expect((await deliver(2)).explicitAcks).toEqual(["early"]);
  });

  it("is dropped and named when a message can never be a job", async () => {
    const bad = { tenant: "queued", job: { text: "x", kindd: "language" } };
    const batch = createMessageBatch("atomic-intake", [{ id: "bad", timestamp: new Date(0), attempts: 1, body: bad }]);
    const ctx = createExecutionContext();
    await worker.queue(batch, env, ctx);
    expect((await getQueueResult(batch, ctx)).explicitAcks).toEqual(["bad"]);
  });
});

const view = async (id: string, key?: Record<string, string>) =>
  (await (await call(`/v1/jobs/${id}`, {}, key)).json()) as JobView;
const ended = (id: string, key?: Record<string, string>) =>
  expect.poll(async () => (await view(id, key)).status, { timeout: 20_000 }).not.toBe("running");

describe("a running job", () => {
  it("shows in its tenant's list, once, while it runs and after", async () => {
    const model = await bidder("listed", { text: "one two three", betweenMs: 400, pieceChars: 4 });
    const key = await keyOf("lister");
    const { id } = (await (await post("/v1/jobs", { text: "Count.", bidders: [model] }, key)).json()) as { id: string };
    const listed = async (status = "") =>
      ((await (await call(`/v1/jobs${status}`, {}, key)).json()) as { jobs: { id: string; status: string }[] }).jobs;
    const all = () => listed();
    const byStatus = async () =>
      (await Promise.all(["running", "succeeded", "failed"].map((one) => listed(`?status=${one}`)))).map(
        (l) => l.length,
      );
    await expect.poll(all, { timeout: 3000 }).toMatchObject([{ id, status: "running" }]);
    expect(await byStatus()).toEqual([1, 0, 0]);
    await ended(id, key);
    await expect.poll(all, { timeout: 15_000 }).toMatchObject([{ id, status: "succeeded" }]);
    await expect.poll(byStatus, { timeout: 5_000 }).toEqual([0, 1, 0]);
    expect((await call(`/v1/jobs/${id}/ledger.csv`, {}, key)).headers.get("content-type")).toContain("text/csv");
    const csv = await (await call("/v1/usage.csv", {}, key)).text();
    expect(csv.split("\r\n")).toHaveLength(3);
    expect((await call(`/v1/jobs/${id}/ledger.csv`, {}, await keyOf("other"))).status).toBe(404);
  });
});

describe("a webhook", () => {
  it("comes signed, is tried again after a failure, and shows in the job", async () => {
    const url = `${inject("sinkUrl")}/fail-1/${crypto.randomUUID()}`;
    const key = await keyOf("hooked");
    const body = {
      text: "Guten Tag, wie geht es Ihnen?",
      kind: "language",
      bidders: languageSpecialists,
      webhook: { url },
    };
    const { id } = (await (await post("/v1/jobs", body, key)).json()) as { id: string };
    const posts = async () =>
      ((await (await fetch(`${inject("sinkUrl")}/posts`)).json()) as SinkPost[]).filter((p) => url.endsWith(p.path));
    await expect.poll(async () => (await posts()).length, { timeout: 15_000 }).toBe(2);
    const { secret } = (await (await call("/v1/webhook-secret", {}, key)).json()) as { secret: string };
    for (const { headers, body: sent } of await posts()) {
      const told = new Webhook(secret).verify(sent, headers) as { type: string; data: { id: string } };
      expect(told).toMatchObject({ type: "job.succeeded", data: { id, answer: { value: { label: "de" } } } });
    }
    await expect.poll(async () => (await view(id, key)).webhooks[0]?.state, { timeout: 5000 }).toBe("delivered");
  });

  it("waits in the job's outbox for a receiver that is not there", async () => {
    const body = {
      text: "Guten Tag.",
      kind: "language",
      bidders: languageSpecialists,
      webhook: { url: "http://127.0.0.1:9/nobody" },
    };
    const { id } = (await (await post("/v1/jobs", body)).json()) as { id: string };
    await expect.poll(async () => (await view(id)).webhooks[0]?.attempts, { timeout: 10_000 }).toBe(1);
    expect((await view(id)).webhooks[0]).toMatchObject({ state: "due", topic: "job.succeeded" });
    // Nor does it keep anybody from deleting the job: it will not be told of that for days.
    const erased = async () => (await call(`/v1/jobs/${id}`, { method: "DELETE" })).status;
    await expect.poll(erased, { timeout: 5_000 }).toBe(204);
    expect((await call(`/v1/jobs/${id}`)).status).toBe(410);
  });

  it("may neither name a secret without the operator's key nor go to a private place", async () => {
    const key = await keyOf("hooked");
    const job = { text: "Hola.", kind: "language", bidders: languageSpecialists };
    const url = "https://hooks.example.com/x";
    expect((await post("/v1/jobs", { ...job, webhook: { url, secretName: "WEBHOOK_SECRET" } }, key)).status).toBe(403);
    for (const bad of ["https://10.0.0.1/", "https://db.internal/", "http://hooks.example.com/"]) {
      const response = await post("/v1/jobs", { ...job, webhook: { url: bad } }, key);
      expect(response.status, bad).toBe(400);
      expect(await response.json()).toMatchObject({ field: "webhook.url" });
    }
    expect((await post("/v1/jobs", { ...job, webhook: { url, secretName: "ATOMIC_API_KEY" } })).status).toBe(400);
    const unset = await post("/v1/jobs", { ...job, webhook: { url, secretName: "WEBHOOK_UNSET" } });
    expect([unset.status, await unset.text()]).toEqual([400, expect.stringContaining("secret put WEBHOOK_UNSET")]);
  });
});

describe("a microtask that waits for approval", () => {
  it("goes on when a person says so, and refuses every other word", async () => {
    const input = [{ from: "job" }];
    const plan = {
      microtasks: [
        { id: "first", kind: "language", input },
        { id: "second", kind: "language", input, needs: ["first"], wait: { for: "approval" } },
      ],
      assembly: { type: "object", fields: { first: "first", second: "second" } },
    };
    const { id } = (await (
      await post("/v1/jobs", { text: "Guten Tag, wie geht es Ihnen?", plan, bidders: languageSpecialists })
    ).json()) as JobView;
    await expect.poll(async () => (await view(id)).microtasks[1]?.status, { timeout: 10_000 }).toBe("waiting");
    const approve = async (microtask: string, body: unknown) =>
      (await post(`/v1/jobs/${id}/approvals/${microtask}`, body)).status;
    expect(await approve("first", { approved: true })).toBe(409);
    expect(await approve("none", { approved: true })).toBe(404);
    expect(await approve("second", { approved: "yes" })).toBe(400);
    expect(await approve("second", { approved: true, note: "x".repeat(3000) })).toBe(400);
    const other = await keyOf("stranger");
    expect((await post(`/v1/jobs/${id}/approvals/second`, { approved: true }, other)).status).toBe(404);
    const words = await Promise.all(Array.from({ length: 5 }, () => approve("second", { approved: true })));
    expect(words.sort()).toEqual([202, 409, 409, 409, 409]);
    await ended(id);
    expect((await view(id)).answer?.value).toMatchObject({ second: { label: "de" } });
    expect(await approve("second", { approved: true })).toBe(409);
  });
});

describe("a job whose object leaves memory", () => {
  it("waits with its alarm where the log says, and being looked at costs its log nothing", async () => {
    const untilMs = Date.now() + 3_600_000;
    const plan = { microtasks: [{ id: "later", kind: "language", wait: { untilMs } }] };
    const { id } = (await (
      await post("/v1/jobs", { text: "Bonjour tout le monde.", plan, bidders: languageSpecialists })
    ).json()) as JobView;
    await expect.poll(async () => (await view(id)).microtasks[0]?.status, { timeout: 5000 }).toBe("waiting");
    const object = env.JOB.get(env.JOB.idFromString(id.split("_")[1] ?? ""));
    const alarm = () => runInDurableObject(object, (_job, state) => state.storage.getAlarm());
    await expect.poll(alarm, { timeout: 5000 }).toBe(untilMs);
    const { seq } = await view(id);
    for (let n = 0; n < 4; n++) {
      await evictDurableObject(object);
      expect(await view(id)).toMatchObject({ status: "running", seq });
    }
    expect(await alarm()).toBe(untilMs);
  });

  it("keeps what its tenant lent it until its log arrives", async () => {
    const model = await bidder("killed", { text: "one two three four five six", betweenMs: 150, pieceChars: 4 });
    const key = await keyOf("killed");
    await put("/v1/tenants/killed/budget", { monthlyUsd: 0.01 });
    const made = await post("/v1/jobs", { text: "Count.", bidders: [model], maxOutputTokens: 200 }, key);
    const { id } = (await made.json()) as { id: string };
    const budget = async () =>
      (await (await call("/v1/budget", {}, key)).json()) as { heldUsd: number; costUsd: number; running: number };
    await expect.poll(async () => (await view(id, key)).microtasks[0]?.attempts.length ?? 0).toBeGreaterThan(0);
    await abortAllDurableObjects();
    expect(await budget()).toMatchObject({ running: 1, costUsd: 0 });
    expect((await budget()).heldUsd).toBeGreaterThan(0);
    await ended(id, key);
    // What is still held then lies in a Worker's purse, for the tenant's next jobs.
    await expect.poll(budget, { timeout: 10_000 }).toMatchObject({ running: 0 });
    const { costUsd } = await view(id, key);
    expect((await budget()).costUsd).toBeCloseTo(costUsd, 12);
    const lines = (await (await call(`/v1/jobs/${id}/ledger.csv`, {}, key)).text()).split("\r\n");
    expect(lines.filter((line) => line.includes(",charge,"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(",orphaned,bounded,"))).toHaveLength(1);
  });
});

describe("200 jobs at once on a cap for 50", () => {
  it("are served at least 45 times and never bill more than the cap", async () => {
    // 1,000 input tokens at 1 USD a million and 200 output tokens at 2: 1.4 thousandths of a USD a job.
    const usage = { input: 1000, output: 200 };
    const model = await bidder("capped", { text: "w".repeat(800), usage, pieceChars: 800 });
    const oneUsd = 0.0014;
    const key = await keyOf("crowd");
    expect((await put("/v1/tenants/crowd/budget", { monthlyUsd: 50 * oneUsd })).status).toBe(200);
    const body = { text: "Please tell me. ".repeat(220), bidders: [model], maxOutputTokens: 256 };
    const posted = await Promise.all(Array.from({ length: 200 }, () => post("/v1/jobs", body, key)));
    expect(posted.filter((r) => r.status !== 202 && r.status !== 402)).toHaveLength(0);
    const made = await Promise.all(
      posted.filter((r) => r.status === 202).map(async (r) => ((await r.json()) as { id: string }).id),
    );
    // An event stream closes when its job is over.
    for (const id of made) await (await call(`/v1/jobs/${id}/events`, {}, key)).text();
    const views = await Promise.all(made.map((id) => view(id, key)));
    const served = views.filter((v) => v.status === "succeeded").length;
    const failed = views.filter((v) => v.status !== "succeeded");
    for (const v of failed) expect(["budget-exceeded", "rate-limited"]).toContain(v.error?.code);
    const ledger = (await (await fetch(`${inject("providerUrl")}/ledger`)).json()) as LedgerEntry[];
    const billedUsd = ledger.filter((e) => e.model === "capped").length * oneUsd;
    expect(served).toBeGreaterThanOrEqual(45);
    expect(billedUsd).toBeLessThanOrEqual(50 * oneUsd + 1e-9);
    await expect
      .poll(async () => ((await (await call("/v1/budget", {}, key)).json()) as { heldUsd: number }).heldUsd, {
        timeout: 10_000,
      })
      .toBe(0);
    const standing = (await (await call("/v1/budget", {}, key)).json()) as { costUsd: number; leftUsd: number };
    expect(standing.costUsd).toBeCloseTo(served * oneUsd, 9);
    expect(standing.leftUsd).toBeGreaterThanOrEqual(0);
    const falsely = Math.min(200 - served, Math.floor(standing.leftUsd / oneUsd + 1e-9));
    console.log(`served ${served} of 200 on a cap for 50; falsely refused ${falsely} of ${200 - served}`);
  }, 60_000);

  it("are refused at the door with a reason once the month is spent", async () => {
    const key = await keyOf("broke");
    await put("/v1/tenants/broke/budget", { monthlyUsd: 0 });
    const model = await bidder("capped2", { text: "hi" });
    const response = await post("/v1/jobs", { text: "Hello there.", bidders: [model] }, key);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ code: "budget-exceeded", reason: "cap-reached" });
    // What costs nothing is still done.
    const free = await post(
      "/v1/jobs?wait=10",
      { text: "Bonjour tout le monde.", kind: "language", bidders: languageSpecialists },
      key,
    );
    expect(((await free.json()) as JobView).status).toBe("succeeded");
    expect((await post("/v1/jobs", { text: "x" }, { authorization: "Bearer nobody" })).status).toBe(401);
    expect((await call("/v1/tenants/broke/budget", { method: "PUT", body: "{}" }, key)).status).toBe(403);
  });
});

describe("a month that running jobs hold and nobody has spent", () => {
  it("lets jobs in, to wait for what comes back, also where one of their bidders costs more than all of it", async () => {
    const key = await keyOf("lent");
    await put("/v1/tenants/lent/budget", { monthlyUsd: 1 });
    const slow = await bidder("holds-it", { text: "one two three", firstTokenAfterMs: 4_000 });
    const dear = await bidder("too-dear", { text: "hi" }, { price: { input: 1_000, output: 2_000 } });
    const holder = await post("/v1/jobs", { text: "Count.", bidders: [slow] }, key);
    const { id } = (await holder.json()) as { id: string };
    const budget = async () => (await (await call("/v1/budget", {}, key)).json()) as { heldUsd: number };
    await expect.poll(async () => (await budget()).heldUsd, { timeout: 1_000 }).toBeGreaterThan(0);
    // All of the month is lent now, and the dear one alone may cost more than that.
    await put("/v1/tenants/lent/budget", { monthlyUsd: (await budget()).heldUsd });
    expect(await budget()).toMatchObject({ costUsd: 0, leftUsd: 0 });
    const next = await post("/v1/jobs?wait=20", { text: "Count.", bidders: [slow, dear] }, key);
    expect([next.status, ((await next.json()) as JobView).status]).toEqual([200, "succeeded"]);
    await ended(id, key);
  });
});

describe("a create that fails", () => {
  it.each(["/v1/jobs", "/v1/jobs?wait=10"])("gives back its slice of the tenant's money: %s", async (path) => {
    const tenant = `unlucky-${path.length}`;
    const key = { ...(await keyOf(tenant)), "idempotency-key": "unlucky" };
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 0.02 });
    const model = await bidder("unlucky", { text: "one two" });
    const body = { text: "Count.", bidders: [model], maxOutputTokens: 200 };
    const { id } = (await (await post("/v1/jobs?wait=10", body, key)).json()) as { id: string };
    await expect.poll(async () => (await view(id, key)).settled, { timeout: 10_000 }).toBe(true);
    const object = env.JOB.get(env.JOB.idFromString(id.split("_")[1] ?? ""));
    await runInDurableObject(object, (_, { storage }) => void storage.sql.exec("UPDATE log SET v = 99"));
    for (let n = 0; n < 30; n++) expect((await post(path, body, key)).status).toBe(409);
    const home = env.TENANT.get(env.TENANT.idFromName(tenant));
    const leases = () =>
      runInDurableObject(home, (_, { storage }) => [
        ...storage.sql.exec<{ kind: string; nano: number }>("SELECT kind, nano FROM leases"),
      ]);
    // What is left lies in the Worker's purse.
    await expect.poll(leases, { timeout: 5_000 }).toMatchObject([{ kind: "purse" }]);
    expect((await leases())[0]?.nano).toBeLessThan(2_000_000);
  });
});

describe("a tenant's memory of what has settled", () => {
  it.each([
    [undefined, 45],
    ["30", 45],
    ["365", 380],
    ["3650", 3665],
  ])("lasts longer than the logs: of %s days, %i", async (days, remembered) => {
    const tenant = env.TENANT.get(env.TENANT.idFromName(`memory-${days}`));
    const left = await runInDurableObject(tenant, async (instance, { storage }) => {
      const home = instance as unknown as { env: Record<string, unknown> };
      home.env = { ...home.env, ATOMIC_RETENTION_DAYS: days };
      for (const [job, ago] of [
        ["kept", remembered - 0.1],
        ["forgotten", remembered + 0.1],
      ] as const)
        storage.sql.exec("INSERT INTO settled VALUES (?, '2026-01', 1, 1, ?)", job, Date.now() - ago * 86_400_000);
      await instance.alarm?.();
      return [...storage.sql.exec<{ job: string }>("SELECT job FROM settled")].map((row) => row.job);
    });
    expect(left).toEqual(["kept"]);
  });
});
