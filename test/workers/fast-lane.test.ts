import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it, vi } from "vitest";
import { TenantLink } from "../../durable-objects/tenant-link.ts";
import { readFastPlace } from "../../src/access/fast-place.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { addBidder, call, eventsOf, keyOf, operator, post } from "./api.ts";

const provider = inject("providerUrl");
const messages = [{ role: "user", content: "Count." }];

/** A job of the fast lane that has ended. */
async function fast(more: object = {}, key = operator): Promise<JobView> {
  const response = await post("/v1/jobs?wait=true", { text: "Count.", lane: "fast", ...more }, key);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as JobView;
}

const placeOf = (id: string) => {
  const place = readFastPlace(id.split("_")[1] ?? "");
  if (place === null) throw new Error(`${id} is not of the fast lane.`);
  return place;
};
const shardOf = (id: string) => env.LOG_SHARD.get(env.LOG_SHARD.idFromName(`shard/${placeOf(id).shard}`));
/** Its log was written down. */
const written = (id: string) =>
  expect.poll(async () => (await call(`/v1/jobs/${id}`)).status, { timeout: 5_000 }).toBe(200);
const settled = (id: string) =>
  expect
    .poll(
      async () =>
        ((await (await call("/v1/jobs?limit=50")).json()) as { jobs: { id: string }[] }).jobs.map((job) => job.id),
      {
        timeout: 10_000,
      },
    )
    .toContain(id);

describe("a job of the fast lane", () => {
  it("is answered by its Worker, then read like any other, and settled once", async () => {
    await addBidder("fast/one", provider, { text: "one two three" });
    const view = await fast({ bidders: ["fast/one"] });
    expect(view).toMatchObject({ status: "succeeded", lane: "fast", answer: { text: "one two three" } });
    // Who asks at once waits the moment until it is written down.
    expect((await call(`/v1/jobs/${view.id}`)).status).toBe(200);
    await settled(view.id);
    const page = (await (await call("/v1/jobs?limit=1")).json()) as { jobs: { id: string }[]; next: string };
    expect(page.jobs.map((job) => job.id)).toEqual([view.id]);
    expect((await call(`/v1/jobs?limit=1&before=${page.next}`)).status).toBe(200);
    const events = await eventsOf(view.id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter((event) => event.type === "settlement-sent")).toHaveLength(1);
    expect((await eventsOf(view.id, events.length - 1)).map((event) => event.seq)).toEqual([events.length]);
    const explained = (await (await call(`/v1/jobs/${view.id}/explain`)).json()) as { sentences: string[] };
    expect(explained.sentences[0]).toContain("succeeded");
    expect(await (await call(`/v1/jobs/${view.id}/ledger.csv`)).text()).toContain("fast/one");
    expect(await (await call(`/v1/jobs/${view.id}`)).json()).toMatchObject({
      status: "succeeded",
      costUsd: view.costUsd,
    });
  });

  it("streams through the OpenAI doors", async () => {
    await addBidder("fast/two", provider, { pieces: ["one ", "two ", "three"] });
    const atomic = { lane: "fast" };
    const chat = await post("/v1/chat/completions", { model: "fast/two", messages, stream: true, atomic });
    const text = await chat.text();
    expect(text).toContain('"content":"one ');
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    const id = chat.headers.get("atomic-job-id") ?? "";
    expect(placeOf(id).key).toHaveLength(32);
    await written(id);
    const response = await post("/v1/responses", { model: "fast/two", input: "Count.", atomic });
    expect(await response.json()).toMatchObject({ status: "completed" });
  });

  it("takes feedback and a provider's record, each once, and tells the market and the tenant of them", async () => {
    await addBidder("fast/three", provider, { text: "Paris.", fault: "usage-missing" });
    const view = await fast({ bidders: ["fast/three"] });
    await written(view.id);
    await settled(view.id);
    const feedback = () => post("/v1/feedback", { job: view.id, microtask: "answer", good: true });
    expect((await feedback()).status).toBeLessThan(300);
    expect((await feedback()).status).toBe(409);
    await expect
      .poll(async () => (await eventsOf(view.id)).filter((event) => event.type === "settlement-sent").length)
      .toBe(2);
    const path = `/v1/jobs/${view.id}/attempts/answer.1/usage`;
    const record = () => call(path, { method: "PUT", body: JSON.stringify({ input: 1000, output: 1000 }) });
    expect((await record()).status).toBe(204);
    expect((await record()).status).toBe(409);
    const events = await eventsOf(view.id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
    expect(((await (await call(`/v1/jobs/${view.id}`)).json()) as JobView).costUsd).toBe(0.003);
    await expect
      .poll(async () => (await eventsOf(view.id)).filter((event) => event.type === "settlement-sent").length)
      .toBe(3);
  });

  it("keeps a long log whole", async () => {
    const long = `Paris. ${"word ".repeat(40_000)}`;
    await addBidder("fast/long", provider, { text: long });
    const view = await fast({ bidders: ["fast/long"] });
    await written(view.id);
    await settled(view.id);
    const again = (await (await call(`/v1/jobs/${view.id}`)).json()) as JobView;
    expect(again.answer?.text).toBe(long);
  });

  it("is deleted when its tenant says so; its summary stays", async () => {
    await addBidder("fast/erased", provider, { text: "a secret answer" });
    const { id } = await fast({ bidders: ["fast/erased"] });
    await settled(id);
    await expect
      .poll(async () => (await call(`/v1/jobs/${id}`, { method: "DELETE" })).status, { timeout: 5_000 })
      .toBe(204);
    expect((await call(`/v1/jobs/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await call(`/v1/jobs/${id}`)).status).toBe(410);
    expect(await (await call(`/v1/jobs/${id}/summary`)).json()).toMatchObject({ status: "succeeded" });
    await runInDurableObject(shardOf(id), (_, state) => {
      const { n } = state.storage.sql
        .exec<{ n: number }>("SELECT count(*) AS n FROM job WHERE lines LIKE '%a secret answer%'")
        .one();
      expect(n).toBe(0);
    });
  });

  it("fails like any other", async () => {
    await addBidder("fast/broken", provider, { fault: "status-500" });
    const view = await fast({ bidders: ["fast/broken"] });
    expect(view).toMatchObject({ status: "failed", error: { code: "bidders-failed" } });
    await written(view.id);
  });

  it("is nobody else's, and no forged id finds it", async () => {
    await addBidder("fast/mine", provider, { text: "secret" });
    const view = await fast({ bidders: ["fast/mine"] });
    await written(view.id);
    const other = await keyOf("fast-other");
    for (const path of ["", "/events", "/explain", "/ledger.csv"])
      expect((await call(`/v1/jobs/${view.id}${path}`, {}, other)).status).toBe(404);
    const forged = view.id.replace(/_f(..)-/, (_, shard) => `_f${shard === "00" ? "01" : "00"}-`);
    expect((await call(`/v1/jobs/${forged}`)).status).toBe(404);
  });

  it("counts against a tenant's cap to the last", async () => {
    await addBidder("fast/dear", provider, { text: "one two three", usage: { input: 5, output: 250 } });
    const key = await keyOf("fast-capped");
    await call("/v1/tenants/fast-capped/budget", { method: "PUT", body: JSON.stringify({ monthlyUsd: 0.01 }) });
    const costs: number[] = [];
    for (let i = 0; i < 40; i++) {
      const body = { text: "Count.", lane: "fast", bidders: ["fast/dear"], maxOutputTokens: 1000 };
      const response = await post("/v1/jobs?wait=true", body, key);
      if (response.status !== 200) break;
      const view = (await response.json()) as JobView;
      if (view.status !== "succeeded") break;
      costs.push(view.costUsd);
    }
    expect(costs.length).toBeGreaterThan(9);
    const spent = costs.reduce((sum, usd) => sum + usd, 0);
    expect(spent).toBeLessThanOrEqual(0.01);
    await expect
      .poll(async () => ((await (await call("/v1/budget", {}, key)).json()) as { costUsd: number }).costUsd, {
        timeout: 10_000,
      })
      .toBeCloseTo(spent, 9);
  });
});

describe("what a shard has taken", () => {
  it("is told of when the process that took it has died before anybody was, once", async () => {
    await addBidder("fast/lost", provider, { text: "one", usage: { input: 10, output: 10 } });
    const first = await fast({ bidders: ["fast/lost"] });
    await written(first.id);
    const shard = shardOf(first.id);
    const key = await keyOf("fast-lost");
    const down = vi.spyOn(TenantLink.prototype, "settle").mockRejectedValue(new Error("down"));
    const view = await fast({ bidders: ["fast/lost"] }, key);
    const sent = async () => (await eventsOf(view.id, 0, key)).filter((e) => e.type === "settlement-sent").length;
    await expect.poll(async () => (await call(`/v1/jobs/${view.id}`, {}, key)).status).toBe(200);
    const spent = async () => ((await (await call("/v1/budget", {}, key)).json()) as { costUsd: number }).costUsd;
    expect([await sent(), await spent()]).toEqual([0, 0]);
    expect(down).toHaveBeenCalled();
    await abortAllDurableObjects();
    down.mockRestore();
    expect(await runDurableObjectAlarm(shard)).toBe(true);
    await expect.poll(sent).toBe(1);
    expect(await spent()).toBeCloseTo(view.costUsd, 12);
    await runDurableObjectAlarm(shard);
    expect([await sent(), await spent()]).toEqual([1, view.costUsd]);
  });

  it("is told of though a log beside it cannot be read", async () => {
    await addBidder("fast/beside", provider, { text: "one" });
    const view = await fast({ bidders: ["fast/beside"] });
    await written(view.id);
    await settled(view.id);
    const { key } = placeOf(view.id);
    const [unreadable, other] = [`${"0".repeat(31)}1`, `${"0".repeat(31)}2`];
    await runInDurableObject(shardOf(view.id), (_, { storage: { sql } }) => {
      const { lines } = sql.exec<{ lines: string }>("SELECT lines FROM job WHERE key = ?", key).one();
      const taken = lines.split("\n").filter((line) => line !== "" && !line.includes('"settlement-sent"'));
      const put = (id: string, version: number) =>
        sql.exec(
          "INSERT INTO job (key, tenant, owed, v, lines) VALUES (?, 't', 1, ?, ?)",
          id,
          version,
          taken.join("\n"),
        );
      put(unreadable, 99);
      put(other, 2);
    });
    await runDurableObjectAlarm(shardOf(view.id));
    const owed = () =>
      runInDurableObject(shardOf(view.id), (_, { storage: { sql } }) =>
        [...sql.exec<{ key: string }>("SELECT key FROM job WHERE owed = 1 ORDER BY key")].map((row) => row.key),
      );
    await expect.poll(owed).toEqual([unreadable]);
    await runInDurableObject(shardOf(view.id), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM job WHERE key IN (?, ?)", unreadable, other);
    });
  });

  it("is gone after its time, but for its summary", async () => {
    await addBidder("fast/old", provider, { text: "one" });
    const view = await fast({ bidders: ["fast/old"] });
    await written(view.id);
    await settled(view.id);
    await runInDurableObject(shardOf(view.id), (instance) => {
      const object = instance as unknown as { env: object };
      object.env = { ...object.env, ATOMIC_RETENTION_DAYS: "0" };
    });
    await runDurableObjectAlarm(shardOf(view.id));
    await runInDurableObject(shardOf(view.id), (instance) => {
      const object = instance as unknown as { env: object };
      object.env = env;
    });
    const gone = await call(`/v1/jobs/${view.id}`);
    expect(gone.status).toBe(410);
    expect(await gone.json()).toMatchObject({ code: "gone", detail: expect.stringContaining("/summary") });
    expect(await (await call(`/v1/jobs/${view.id}/summary`)).json()).toMatchObject({ status: "succeeded" });
  });
});

it("says of a job that died with its Worker, or still runs there, what to do", async () => {
  await addBidder("fast/dead", provider, { text: "one" });
  const { id } = await fast({ bidders: ["fast/dead"] });
  await written(id);
  await settled(id);
  const { key } = placeOf(id);
  await runInDurableObject(shardOf(id), (_, state) => {
    state.storage.sql.exec("DELETE FROM job WHERE key = ?", key);
  });
  await env.DB.prepare("DELETE FROM jobs WHERE id = ?").bind(id).run();
  const response = await call(`/v1/jobs/${id}`);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: "conflict", detail: expect.stringContaining("send it again") });
});

describe("what the fast lane does not do", () => {
  it.each([
    ["a job nobody waits for", "/v1/jobs", {}, {}, /add \?wait=true/],
    ["a name", "/v1/jobs?wait=true", {}, { "idempotency-key": "a" }, /idempotency key needs the durable lane/],
    ["several microtasks", "/v1/jobs?wait=true", { plan: "map-reduce" }, {}, /several microtasks/],
    ["a webhook", "/v1/jobs?wait=true", { webhook: { url: "https://example.com/hook" } }, {}, /webhook needs/],
    ["a long deadline", "/v1/jobs?wait=true", { deadlineMs: 120_001 }, {}, /120000 ms at most/],
  ])("%s", async (_, path, more, headers, says) => {
    const body = JSON.stringify({ text: "Count.", lane: "fast", bidders: ["sim/steady"], ...more });
    const response = await call(path, { method: "POST", body, headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "lane", detail: expect.stringMatching(says) });
  });

  it("a response in the background, or a batch", async () => {
    const background = { model: "sim/steady", input: "x", background: true, atomic: { lane: "fast" } };
    const response = await post("/v1/responses", background);
    expect(await response.json()).toMatchObject({ error: { param: "atomic.lane" } });
    const batch = await post("/v1/jobs:batch", { jobs: [{ text: "x", lane: "fast", bidders: ["sim/steady"] }] });
    expect(await batch.json()).toMatchObject({ field: "jobs[0].lane" });
  });
});
