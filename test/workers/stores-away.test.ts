import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { JobObject } from "../../durable-objects/job.ts";
import { forgetMarket } from "../../src/entry/market-snapshot.ts";
import type { AtomicEnv } from "../../src/env.ts";
import { bidder, post } from "./call.ts";

interface Stores {
  away: boolean;
  /** It does not even fail. */
  silent: boolean;
}

/** A statement, and its result, that never come. */
const silence: object = new Proxy(() => {}, {
  get: (_, key) => (key === "then" ? () => {} : () => silence),
  apply: () => silence,
});

/** D1 until it is away. */
function failing(db: D1Database): { db: D1Database; stores: Stores } {
  const stores: Stores = { away: true, silent: false };
  const proxy = new Proxy(db, {
    get(target, key) {
      if (stores.away && stores.silent) return () => silence;
      if (stores.away) throw new Error("D1_ERROR: away");
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { db: proxy, stores };
}

/** Starts the job's process anew while D1 is away. */
async function restarted<T>(
  more: object,
  work: (job: JobObject, tenant: string, stores: Stores) => Promise<T>,
): Promise<T> {
  const model = await bidder("away", { text: "Here." });
  const plan = { microtasks: [{ id: "a", kind: "answer", wait: { for: "approval" } }] };
  const made = await post("/v1/jobs", { text: "Are you there?", bidders: [model], plan, ...more });
  const { id } = (await made.json()) as { id: string };
  const object = env.JOB.get(env.JOB.idFromString(id.split("_")[1] ?? ""));
  const tenant = await runInDurableObject(object, async (_, { storage }) => {
    const [row] = storage.sql.exec<{ body: string }>("SELECT body FROM log WHERE seq = 1");
    return (JSON.parse(row?.body ?? "{}") as { tenant: string }).tenant;
  });
  await evictDurableObject(object);
  return runInDurableObject(object, async (_, state) => {
    forgetMarket();
    const { db, stores } = failing(env.DB);
    const home = new JobObject(state, { ...env, DB: db } as unknown as AtomicEnv);
    return work(home, tenant, stores);
  });
}

it("a job whose process starts while D1 is away is read, approved and cancelled, and settles when D1 is back", async () => {
  await restarted({}, async (job, tenant, stores) => {
    expect(await job.view(tenant)).toMatchObject({ status: "running", microtasks: [{ status: "waiting" }] });
    expect(await job.explain(tenant)).not.toBeNull();
    await (await job.events(tenant, 0))?.cancel();
    expect(await job.approve(tenant, "a", true, "")).toBeNull();
    await job.alarm();
    expect(await job.cancel(tenant, "client")).toEqual({ status: "cancelled" });
    expect(await job.view(tenant)).toMatchObject({ status: "cancelled", settled: false });
    stores.away = false;
    await job.alarm();
    await expect.poll(async () => (await job.view(tenant))?.settled, { timeout: 10_000 }).toBe(true);
  });
});

it("an approved job goes on when D1 is back", async () => {
  await restarted({}, async (job, tenant, stores) => {
    expect(await job.approve(tenant, "a", true, "")).toBeNull();
    stores.away = false;
    await job.alarm();
    await expect.poll(async () => (await job.view(tenant))?.status, { timeout: 10_000 }).toBe("succeeded");
  });
});

it("a job's deadline comes while D1 is away", async () => {
  await restarted({ deadlineMs: 1_500 }, async (job, tenant) => {
    await job.alarm();
    await expect.poll(async () => (await job.view(tenant))?.error?.code, { timeout: 10_000 }).toBe("deadline-exceeded");
  });
});

it("an approved job goes on when D1 is back that did not even fail", async () => {
  await restarted({}, async (job, tenant, stores) => {
    stores.silent = true;
    expect(await job.approve(tenant, "a", true, "")).toBeNull();
    await job.alarm();
    const complaints = vi.spyOn(console, "error");
    await expect
      .poll(() => complaints.mock.calls.some(([line]) => String(line).includes("market-unread")), { timeout: 9_000 })
      .toBe(true);
    complaints.mockRestore();
    stores.away = false;
    await job.alarm();
    await expect.poll(async () => (await job.view(tenant))?.status, { timeout: 10_000 }).toBe("succeeded");
  });
}, 30_000);
