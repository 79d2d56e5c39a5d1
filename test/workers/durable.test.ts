import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { JobObject } from "../../durable-objects/job.ts";
import type { AtomicEnv } from "../../src/env.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { languageSpecialists } from "./call.ts";

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  exports.default.fetch(`https://atomic.test${path}`, {
    ...init,
    headers: {
      "content-type": "application/json",
      authorization: "Bearer operator-key-of-the-tests",
      ...(init.headers as Record<string, string> | undefined),
    },
  });

const body = JSON.stringify({ text: "Guten Tag, wie geht es Ihnen?", kind: "language", bidders: languageSpecialists });

/** An ended and settled job, and its object. */
async function endedJob(headers: Record<string, string> = {}) {
  const { id, status, error } = (await (
    await call("/v1/jobs?wait=20", { method: "POST", body, headers })
  ).json()) as JobView;
  expect({ status, error }).toEqual({ status: "succeeded", error: null });
  await expect
    .poll(async () => ((await (await call(`/v1/jobs/${id}`)).json()) as JobView).settled, { timeout: 10_000 })
    .toBe(true);
  return { id, object: env.JOB.get(env.JOB.idFromString(id.split("_")[1] ?? "")) };
}

const dayMs = 86_400_000;

describe("an ended job's object", () => {
  it("has one alarm left, at the end of its retention", async () => {
    const { object } = await endedJob();
    const atMs = await runInDurableObject(object, (_, state) => state.storage.getAlarm());
    expect((atMs ?? 0) - Date.now()).toBeGreaterThan(29 * dayMs);
    expect((atMs ?? 0) - Date.now()).toBeLessThanOrEqual(30 * dayMs);
  });

  it("is woken too early without harm, and puts its alarm back", async () => {
    const { id, object } = await endedJob();
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await runInDurableObject(object, (_, state) => state.storage.getAlarm())).toBeGreaterThan(
      Date.now() + dayMs,
    );
    expect((await call(`/v1/jobs/${id}`)).status).toBe(200);
  });

  it("is deleted when its retention ends; what is left answers 410 with the way to its summary", async () => {
    const { id, object } = await endedJob();
    await runInDurableObject(object, (instance) => {
      const home = instance as unknown as { env: Record<string, unknown> };
      home.env = { ...home.env, ATOMIC_RETENTION_DAYS: "0" };
    });
    expect(await runDurableObjectAlarm(object)).toBe(true);
    for (const path of ["", "/events", "/explain"]) {
      const answer = await call(`/v1/jobs/${id}${path}`);
      expect(answer.status, path).toBe(410);
      expect(((await answer.json()) as { detail: string }).detail).toContain(`/v1/jobs/${id}/summary`);
    }
    const summary = (await (await call(`/v1/jobs/${id}/summary`)).json()) as Record<string, unknown>;
    expect(summary).toMatchObject({ id, status: "succeeded", kind: "language", microtasks: 1 });
    const tables = await runInDurableObject(object, (_, state) =>
      [
        ...state.storage.sql.exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'",
        ),
      ].map((row) => row.name),
    );
    expect(tables).toEqual(["tombstone"]);
  });

  it("keeps its name through a kill while it is deleted", async () => {
    const headers = { "idempotency-key": "killed-while-deleted" };
    const { id, object } = await endedJob(headers);
    await runInDurableObject(object, async (_, state) => {
      const dying = new JobObject(state, env as unknown as AtomicEnv);
      // The process dies when everything is deleted.
      const deleteAll = () => state.storage.deleteAll().then(() => new Promise<void>(() => {}));
      const ctx = { waitUntil: () => {}, storage: { deleteAll } };
      Object.defineProperty(dying, "ctx", { value: ctx });
      await Promise.race([dying.erase("operator"), new Promise((resolve) => setTimeout(resolve, 200))]);
    });
    await abortAllDurableObjects();
    const again = await call("/v1/jobs", { method: "POST", body, headers });
    expect(again.status).toBe(410);
    expect((await call(`/v1/jobs/${id}/summary`)).status).toBe(200);
  });

  it("keeps its idempotency key used after its retention: the key makes no second job under the same id", async () => {
    const headers = { "idempotency-key": "used-once" };
    const { id, object } = await endedJob(headers);
    await runInDurableObject(object, (instance) => {
      const home = instance as unknown as { env: Record<string, unknown> };
      home.env = { ...home.env, ATOMIC_RETENTION_DAYS: "0" };
    });
    expect(await runDurableObjectAlarm(object)).toBe(true);
    for (const path of ["/v1/jobs", "/v1/jobs?wait=20"]) {
      const again = await call(path, { method: "POST", body, headers });
      expect(again.status, path).toBe(410);
      expect(await again.json()).toMatchObject({
        code: "gone",
        field: "Idempotency-Key",
        detail: expect.stringContaining(`/v1/jobs/${id}/summary`),
      });
    }
    expect((await call(`/v1/jobs/${id}`)).status).toBe(410);
  });

  it("is not kept awake by feedback that could not be written down", async () => {
    const { id, object } = await endedJob();
    await runInDurableObject(object, (_, state) => void state.storage.sql.exec("DROP TABLE log"));
    const feedback = { job: id, label: "de" };
    expect((await call("/v1/feedback", { method: "POST", body: JSON.stringify(feedback) })).status).toBe(500);
    // It looks again soon, and nothing renews a lease: that would stand half a minute ahead.
    const atMs = await runInDurableObject(object, (_, state) => state.storage.getAlarm());
    expect((atMs ?? Number.POSITIVE_INFINITY) - Date.now()).toBeLessThanOrEqual(5_000);
  });

  it("is emptied when its tenant says so, and only then; its summary stays", async () => {
    const { id, object } = await endedJob({ "idempotency-key": "to-be-erased" });
    const erase = (key = {}) => call(`/v1/jobs/${id}`, { method: "DELETE", headers: key });
    const other = (await (await call("/v1/keys", { method: "POST", body: '{"tenant":"eraser"}' })).json()) as {
      key: string;
    };
    expect((await erase({ authorization: `Bearer ${other.key}` })).status).toBe(404);
    expect((await erase()).status).toBe(204);
    expect((await erase()).status).toBe(204);
    expect((await call(`/v1/jobs/${id}`)).status).toBe(410);
    // A stream too says it by its status: once begun, it could only say that it broke.
    for (const query of ["", "?stream=true", "?stream=true&starting_after=1"])
      expect([query, (await call(`/v1/responses/resp_${id}${query}`)).status]).toEqual([query, 410]);
    // So is what would be written to it: its id was no mistake.
    const words: [string, string, object][] = [
      ["POST", "/v1/feedback", { job: id, label: "de" }],
      ["POST", `/v1/jobs/${id}/approvals/language`, { approved: true }],
      ["PUT", `/v1/jobs/${id}/attempts/language.1/usage`, { input: 1, output: 1 }],
    ];
    for (const [method, path, word] of words) {
      const answer = await call(path, { method, body: JSON.stringify(word) });
      expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, 410, "gone"]);
    }
    expect(await (await call(`/v1/jobs/${id}/summary`)).json()).toMatchObject({ status: "succeeded" });
    const text = await runInDurableObject(object, (_, state) =>
      JSON.stringify(
        [...state.storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")]
          .filter(({ name }) => !name.startsWith("_cf"))
          .map(({ name }) => [...state.storage.sql.exec(`SELECT * FROM "${name}"`)]),
      ),
    );
    expect(text).not.toContain("Guten Tag");
    // The name is not free for another job: its tenant knows that one as settled.
    const again = await call("/v1/jobs", { method: "POST", body, headers: { "idempotency-key": "to-be-erased" } });
    expect(again.status).toBe(410);
  });

  it("is not emptied while it runs", async () => {
    const waiting = { text: "Hallo", plan: { microtasks: [{ id: "a", kind: "language", wait: { for: "approval" } }] } };
    const { id } = (await (
      await call("/v1/jobs", { method: "POST", body: JSON.stringify(waiting) })
    ).json()) as JobView;
    const refused = await call(`/v1/jobs/${id}`, { method: "DELETE" });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("Cancel it") });
    await call(`/v1/jobs/${id}/cancel`, { method: "POST" });
    await expect
      .poll(async () => (await call(`/v1/jobs/${id}`, { method: "DELETE" })).status, { timeout: 10_000 })
      .toBe(204);
  });

  it("is left alone, with an alarm, when newer code has written to it", async () => {
    const { id, object } = await endedJob();
    const rows = await runInDurableObject(object, (_, state) => {
      state.storage.sql.exec("UPDATE log SET v = 99");
      return Number(state.storage.sql.exec("SELECT count(*) AS n FROM log").one().n);
    });
    await abortAllDurableObjects();
    for (const path of ["", "/explain", "/events", "/summary"]) {
      const refused = await call(`/v1/jobs/${id}${path}`);
      expect(refused.status, path).toBe(409);
      expect(await refused.json()).toMatchObject({
        code: "conflict",
        reason: "newer-log",
        detail: expect.stringContaining("version 99"),
      });
    }
    const cancel = await call(`/v1/jobs/${id}/cancel`, { method: "POST" });
    expect(cancel.status).toBe(409);
    const fresh = env.JOB.get(env.JOB.idFromString(id.split("_")[1] ?? ""));
    expect(await runDurableObjectAlarm(fresh)).toBe(true);
    const left = await runInDurableObject(fresh, async (_, state) => ({
      rows: Number(state.storage.sql.exec("SELECT count(*) AS n FROM log").one().n),
      alarm: await state.storage.getAlarm(),
    }));
    expect(left.rows).toBe(rows);
    expect(left.alarm).toBeGreaterThan(Date.now());
  });
});
