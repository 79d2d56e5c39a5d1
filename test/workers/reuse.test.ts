import { createExecutionContext, createMessageBatch, getQueueResult, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { JobObject } from "../../durable-objects/job.ts";
import type { TenantObject } from "../../durable-objects/tenant.ts";
import { sha256Hex } from "../../src/access/mac.ts";
import { portsOf } from "../../src/entry/ports.ts";
import type { AtomicEnv } from "../../src/env.ts";
import { withInput } from "../../src/http/native/job-request.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { canonicalRequest } from "../../src/plan/canonical-request.ts";
import { noRules } from "../../src/plan/tenant-rules.ts";
import worker from "../../src/worker.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { bidder, call, keyOf, post, put } from "./call.ts";

const hourMs = 3_600_000;
const question = "Say it.";
const messages = [{ role: "user", content: question }];

/** How often the scripted provider was asked for a model. */
const callsOf = async (model: string): Promise<number> =>
  ((await (await fetch(`${inject("providerUrl")}/ledger`)).json()) as LedgerEntry[]).filter(
    (entry) => `test/${entry.model}` === model,
  ).length;

interface Got {
  status: number;
  reused: boolean;
  id: string;
  view: JobView;
}

/** Posts a job and waits for its end. */
async function ask(body: object, key: Record<string, string>): Promise<Got> {
  const response = await post("/v1/jobs?wait=true", { text: question, reuseMs: hourMs, ...body }, key);
  const view = (await response.json()) as JobView;
  return { status: response.status, reused: response.headers.get("atomic-reused") === "true", id: view.id, view };
}

const viewOf = async (id: string, key: Record<string, string>) =>
  (await (await call(`/v1/jobs/${id}`, {}, key)).json()) as JobView;
const settled = (id: string, key: Record<string, string>) =>
  expect.poll(async () => (await viewOf(id, key)).settled, { timeout: 15_000 }).toBe(true);

/** A tenant and a model of its own name. */
async function setting(name: string, script: object = { text: "fine" }) {
  return { model: await bidder(name, script), key: await keyOf(name), tenant: name };
}

const tenantOf = (name: string) => env.TENANT.get(env.TENANT.idFromName(name)) as DurableObjectStub<TenantObject>;
const rowsOf = (tenant: string): Promise<Record<string, unknown>[]> =>
  runInDurableObject(tenantOf(tenant), (_, state) => [...state.storage.sql.exec("SELECT * FROM reuse")]);
/** All that the tenant claimed was claimed so much earlier. */
const age = (tenant: string, ms: number): Promise<void> =>
  runInDurableObject(
    tenantOf(tenant),
    (_, state) => void state.storage.sql.exec("UPDATE reuse SET at_ms = at_ms - ?, until_ms = until_ms - ?", ms, ms),
  );

describe("an answer that is given again", () => {
  it("costs nothing and asks nobody, also of a tenant whose month and rate are used up", async () => {
    const { model, key, tenant } = await setting("reused");
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 1, jobsPerMinute: 1 });
    const first = await ask({ bidders: [model] }, key);
    expect(first).toMatchObject({ status: 200, reused: false, view: { answer: { text: "fine" } } });
    await settled(first.id, key);
    const budget = async () => (await call("/v1/budget", {}, key)).json();
    const before = await budget();
    const rows = await rowsOf(tenant);
    for (let n = 0; n < 3; n++)
      expect(await ask({ bidders: [model] }, key)).toMatchObject({
        status: 200,
        reused: true,
        id: first.id,
        view: { answer: { text: "fine" } },
      });
    expect([await budget(), await rowsOf(tenant)]).toEqual([before, rows]);
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 0 });
    const again = await post("/v1/jobs", { text: question, reuseMs: hourMs, bidders: [model] }, key);
    expect([again.status, again.headers.get("atomic-reused")]).toEqual([202, "true"]);
    expect(await again.json()).toMatchObject({ id: first.id, status: "succeeded" });
    expect(await ask({ bidders: [model], text: "Another." }, key)).toMatchObject({ status: 402 });
    expect(await callsOf(model)).toBe(1);
    expect(rows).toHaveLength(1);
  });

  it("is that of the very same request of the same tenant alone", async () => {
    const { model, key, tenant } = await setting("reused-same");
    const first = await ask({ bidders: [model] }, key);
    const others = [
      await ask({ bidders: [model] }, await keyOf("reused-other")),
      await ask({ bidders: [model], metadata: { of: "another" } }, key),
      await ask({ bidders: [model], text: "Say it!" }, key),
      await ask({ bidders: [model], reuseMs: undefined }, key),
    ];
    expect(others.map((other) => [other.status, other.reused])).toEqual(Array(4).fill([200, false]));
    expect(new Set([first, ...others].map((one) => one.id)).size).toBe(5);
    // How old it may be is no part of it.
    expect(await ask({ bidders: [model], reuseMs: 2 * hourMs }, key)).toMatchObject({ reused: true, id: first.id });
    await age(tenant, hourMs);
    expect(await ask({ bidders: [model], reuseMs: 2 * hourMs }, key)).toMatchObject({ reused: true, id: first.id });
    const anew = await ask({ bidders: [model] }, key);
    expect(anew).toMatchObject({ status: 200, reused: false });
    expect(await ask({ bidders: [model] }, key)).toMatchObject({ reused: true, id: anew.id });
    expect(await callsOf(model)).toBe(6);
  });

  it("is said to be one in OpenAI's dialect, streamed and not", async () => {
    const { model, key } = await setting("reused-openai");
    const atomic = { reuse_ms: hourMs };
    const doors: [string, object][] = [
      ["/v1/chat/completions", { model, messages, atomic }],
      ["/v1/chat/completions", { model, messages, atomic, stream: true }],
      ["/v1/responses", { model, input: "Say that.", atomic }],
      ["/v1/responses", { model, input: "Say that.", atomic, stream: true }],
    ];
    for (const [path, body] of doors) {
      const said = async () => {
        const response = await post(path, body, key);
        return { reused: response.headers.get("atomic-reused"), text: await response.text() };
      };
      const [first, second] = [await said(), await said()];
      expect([first.reused, second.reused]).toEqual([null, "true"]);
      expect(first.text).not.toContain('"reused"');
      expect(second.text).toContain('"cost_usd":0,"reused":true');
      // All else is the same.
      const facts = /"cost_usd":[^}]*/g;
      expect(second.text.replace(facts, "")).toBe(first.text.replace(facts, ""));
    }
    expect(await callsOf(model)).toBe(4);
  });
});

describe("requests that come together", () => {
  it("are one job and one call of a provider, 50 of them, where one job a minute may begin", async () => {
    const { model, key, tenant } = await setting("reused-crowd", { text: "fine", firstTokenAfterMs: 100 });
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 1, jobsPerMinute: 1 });
    const all = await Promise.all(Array.from({ length: 50 }, () => ask({ bidders: [model] }, key)));
    expect(all.map((one) => [one.status, one.view.answer?.text])).toEqual(Array(50).fill([200, "fine"]));
    expect(new Set(all.map((one) => one.id)).size).toBe(1);
    expect(all.filter((one) => !one.reused)).toHaveLength(1);
    expect(await callsOf(model)).toBe(1);
  });

  it("follow the one under way: a stream and who waits", async () => {
    const text = "one two three four";
    const { model, key } = await setting("reused-live", { text, pieceChars: 4, betweenMs: 150 });
    const stream = { model, messages, stream: true, atomic: { reuse_ms: hourMs } };
    const first = await post("/v1/chat/completions", stream, key);
    const id = first.headers.get("atomic-job-id") ?? "";
    const second = await post("/v1/chat/completions", stream, key);
    expect([second.headers.get("atomic-reused"), second.headers.get("atomic-job-id")]).toEqual(["true", id]);
    // The same request in the words of the native API.
    const same = { text: undefined, messages, bidders: [model], delivery: "live", leaderChange: "fail" };
    const waiting = await post("/v1/jobs", { reuseMs: hourMs, ...same }, key);
    expect(await waiting.json()).toMatchObject({ id, status: "running" });
    const waited = await ask(same, key);
    expect(waited).toMatchObject({ reused: true, id, view: { status: "succeeded", answer: { text } } });
    const words = async (response: Response) =>
      [...(await response.text()).matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece);
    const [one, two] = [await words(first), await words(second)];
    expect(one.length).toBeGreaterThan(3);
    expect([one.join(""), two.join("")]).toEqual([text, text]);
    expect(await callsOf(model)).toBe(1);
  });

  it("wait while their job is being made, where no other may begin", async () => {
    const { model, key, tenant } = await setting("reused-slow");
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: null, jobsPerMinute: 1 });
    const calls: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    // The job's objects as the Worker sees them: what makes a job is held up, what is asked of one is written down.
    const JOB = new Proxy(env.JOB, {
      get(target, name) {
        if (name !== "get") return (Reflect.get(target, name) as () => unknown).bind(target);
        return (id: DurableObjectId) => {
          const object = target.get(id) as DurableObjectStub<JobObject>;
          return {
            create: async (...job: Parameters<JobObject["create"]>) => {
              calls.push("create");
              await held;
              return object.create(...job);
            },
            reusable: async (...asked: Parameters<JobObject["reusable"]>) => {
              calls.push(`asked ${id}`);
              const said = await object.reusable(...asked);
              calls.push(`said ${said}`);
              return said;
            },
          };
        };
      },
    });
    const ctx = createExecutionContext();
    const ports = portsOf({ ...env, JOB } as unknown as AtomicEnv, (work) => ctx.waitUntil(work));
    const request = { ...withInput({ bidders: [model] }, { type: "text", text: question }), reuseMs: hourMs };
    const create = () => ports.jobs.create({ tenant, role: "tenant", keyId: "test", scope: "all" }, request, "http");
    const first = create();
    await expect.poll(() => calls).toEqual(["create"]);
    const second = create();
    await expect.poll(() => calls.length).toBe(2);
    // What the object could say at once it has said by the time it answers something else.
    const place = calls[1]?.slice("asked ".length) ?? "";
    const object = env.JOB.get(env.JOB.idFromString(place)) as DurableObjectStub<JobObject>;
    expect(await object.summary(tenant)).toBeNull();
    expect(calls).toHaveLength(2);
    release();
    const { id } = await first;
    // At once, not when the maker's time is over.
    await expect.poll(() => calls.length, { timeout: 5_000 }).toBe(3);
    expect(await second).toEqual({ id, repeated: false, reused: true, view: null });
    expect(calls.slice(2)).toEqual(["said reusable"]);
    await expect.poll(async () => (await viewOf(id, key)).status, { timeout: 10_000 }).toBe("succeeded");
  });

  it("are all answered where every job fails", async () => {
    const { model, key } = await setting("reused-broken", { fault: "status-400" });
    const all = await Promise.all(Array.from({ length: 20 }, () => ask({ bidders: [model] }, key)));
    expect(all.map((one) => [one.status, one.view.status])).toEqual(Array(20).fill([200, "failed"]));
  });
});

describe("an answer that will not do", () => {
  it.each([
    ["failed", async () => {}],
    ["cancelled", (id: string, key: Record<string, string>) => post(`/v1/jobs/${id}/cancel`, {}, key)],
  ])("is no answer, the job being %s: the request is made anew", async (status, stop) => {
    const script = status === "failed" ? { fault: "status-400" } : { text: "late", firstTokenAfterMs: 60_000 };
    const { model, key } = await setting(`reused-${status}`, script);
    const body = { text: question, reuseMs: hourMs, bidders: [model] };
    const { id } = (await (await post("/v1/jobs", body, key)).json()) as JobView;
    await expect.poll(() => callsOf(model), { timeout: 10_000 }).toBe(1);
    await stop(id, key);
    await expect.poll(async () => (await viewOf(id, key)).status, { timeout: 15_000 }).toBe(status);
    await bidder(`reused-${status}`, { text: "fine" });
    const anew = await ask({ bidders: [model] }, key);
    expect(anew).toMatchObject({ status: 200, reused: false, view: { answer: { text: "fine" } } });
    expect(anew.id).not.toBe(id);
    expect(await ask({ bidders: [model] }, key)).toMatchObject({ reused: true, id: anew.id });
  });

  it.each([
    ["bad", { good: false }, { good: true }],
    ["another label", { label: "pear" }, { label: "Apple" }],
  ])("was said to be %s; one that was said to be right will do", async (_, against, agreed) => {
    const name = `reused-said-${Object.keys(against)[0]}`;
    const { model, key } = await setting(name, { text: '{"label":"apple"}' });
    const body = { kind: "classify", labels: ["apple", "pear"], bidders: [model] };
    const first = await ask(body, key);
    const say = async (id: string, what: object) =>
      expect((await post("/v1/feedback", { job: id, ...what }, key)).status).toBe(202);
    await say(first.id, against);
    const second = await ask(body, key);
    expect(second).toMatchObject({ status: 200, reused: false });
    await say(second.id, agreed);
    expect(await ask(body, key)).toMatchObject({ status: 200, reused: true, id: second.id });
    expect(await callsOf(model)).toBe(2);
  });

  it("was deleted, or made under other rules", async () => {
    const { model, key, tenant } = await setting("reused-gone");
    const first = await ask({ bidders: [model] }, key);
    await settled(first.id, key);
    expect((await call(`/v1/jobs/${first.id}`, { method: "DELETE" }, key)).status).toBe(204);
    const second = await ask({ bidders: [model] }, key);
    expect(second).toMatchObject({ status: 200, reused: false });
    // Set by way of another Worker: this one does not know of it.
    await tenantOf(tenant).setRules({ ...noRules, bidders: ["embedded/franc"] });
    expect(await ask({ bidders: [model] }, key)).toMatchObject({ status: 403, reused: false });
    await put(`/v1/tenants/${tenant}/rules`, {});
    const third = await ask({ bidders: [model] }, key);
    expect(third).toMatchObject({ status: 200, reused: false });
    expect(await ask({ bidders: [model] }, key)).toMatchObject({ reused: true, id: third.id });
    expect(await callsOf(model)).toBe(3);
  });
});

it("a message of the queue cannot ask for it", async () => {
  const body = { tenant: "reused-queue", job: { text: question, reuseMs: hourMs } };
  const batch = createMessageBatch("atomic-intake", [{ id: "reuse", timestamp: new Date(0), attempts: 1, body }]);
  const ctx = createExecutionContext();
  await worker.queue(batch, env, ctx);
  expect(await getQueueResult(batch, ctx)).toMatchObject({ explicitAcks: [], retryMessages: [{ msgId: "reuse" }] });
});

describe("a claim without a job", () => {
  /** Claims a request's place as a Worker does that never makes the job. */
  async function claimOf(model: string, tenant: string): Promise<string> {
    const request = withInput({ bidders: [model] }, { type: "text", text: question });
    const place = env.JOB.newUniqueId().toString();
    const hash = await sha256Hex(canonicalRequest(request));
    const claimed = await tenantOf(tenant).claim({ hash, place, reuseMs: hourMs, not: null });
    expect(claimed).toMatchObject({ place, ageMs: 0 });
    return place;
  }

  it("is taken over once who made it must have died", async () => {
    const { model, key, tenant } = await setting("reused-died");
    const place = await claimOf(model, tenant);
    await age(tenant, 10_000);
    const all = await Promise.all([1, 2, 3].map(() => ask({ bidders: [model] }, key)));
    expect(all.map((one) => [one.status, one.id.includes(place)])).toEqual(Array(3).fill([200, true]));
    expect(all.filter((one) => !one.reused)).toHaveLength(1);
    expect(await callsOf(model)).toBe(1);
  });

  it("is not waited for once its maker was refused", async () => {
    const { model, key, tenant } = await setting("reused-refused");
    const place = await claimOf(model, tenant);
    const object = env.JOB.get(env.JOB.idFromString(place)) as DurableObjectStub<JobObject>;
    const waiting = ask({ bidders: [model] }, key);
    await object.unmade();
    const made = await waiting;
    expect([made.status, made.reused, made.id.includes(place)]).toEqual([200, false, true]);
    // Who died says nothing: then it had been waited for.
    const [row] = await rowsOf(tenant);
    expect(made.view.createdAtMs - Number(row?.at_ms)).toBeLessThan(10_000);
    expect(await callsOf(model)).toBe(1);
  });

  it("whose maker had no money is the next one's who has", async () => {
    const { model, key, tenant } = await setting("reused-poor");
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 0 });
    const poor = await Promise.all([1, 2, 3, 4].map(() => ask({ bidders: [model] }, key)));
    expect(poor.map((one) => one.status)).toEqual([402, 402, 402, 402]);
    const rows = await rowsOf(tenant);
    expect(rows).toHaveLength(1);
    await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 1 });
    const made = await ask({ bidders: [model] }, key);
    expect([made.status, made.reused, made.id.includes(String(rows[0]?.place))]).toEqual([200, false, true]);
    expect(await ask({ bidders: [model] }, key)).toMatchObject({ reused: true, id: made.id });
  });
});
