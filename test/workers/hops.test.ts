import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { locationHint } from "../../src/entry/location.ts";
import { forgetMarket } from "../../src/entry/market-snapshot.ts";
import { portsOf } from "../../src/entry/ports.ts";
import { forgetTenant } from "../../src/entry/tenant-money.ts";
import type { AtomicEnv } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { bidder, keyOf, put } from "./call.ts";
import { farEnv, type Hop } from "./far-env.ts";

/** So long that what else the isolate does before the first provider call is not taken for a hop it waited for. */
const measuredHopMs = 400;
const warmHopMs = 1;

/** Every door that makes one job. */
interface Door {
  name: string;
  path: string;
  body: (model: string) => object;
  status: number;
  /** It runs in the Worker itself. */
  fast?: true;
}

const messages = [{ role: "user", content: "Count." }];
const doors: Door[] = [
  { name: "jobs", path: "/v1/jobs", body: (model) => ({ text: "Count.", bidders: [model] }), status: 202 },
  { name: "wait", path: "/v1/jobs?wait=true", body: (model) => ({ text: "Count.", bidders: [model] }), status: 200 },
  { name: "chat", path: "/v1/chat/completions", body: (model) => ({ model, messages }), status: 200 },
  {
    name: "chat-stream",
    path: "/v1/chat/completions",
    body: (model) => ({ model, messages, stream: true }),
    status: 200,
  },
  { name: "responses", path: "/v1/responses", body: (model) => ({ model, input: "Count." }), status: 200 },
  {
    name: "responses-stream",
    path: "/v1/responses",
    body: (model) => ({ model, input: "Count.", stream: true }),
    status: 200,
  },
  {
    name: "fast lane",
    path: "/v1/jobs?wait=true",
    body: (model) => ({ text: "Count.", bidders: [model], lane: "fast" }),
    status: 200,
    fast: true,
  },
  {
    name: "fast lane, chat-stream",
    path: "/v1/chat/completions",
    body: (model) => ({ model, messages, stream: true, atomic: { lane: "fast" } }),
    status: 200,
    fast: true,
  },
];

/**
 * When a provider is called first from now on, where the call is made (epoch ms, 0: not yet): the provider is another
 * process, and the time at which a busy machine lets it look is no hop. The call itself goes its way.
 */
function firstProviderCall(): { atMs: () => number; stop: () => void } {
  const url = inject("providerUrl");
  const real = globalThis.fetch;
  let atMs = 0;
  globalThis.fetch = (asked, init) => {
    if (atMs === 0 && String(asked).startsWith(`${url}/v1/`)) atMs = Date.now();
    return real(asked, init);
  };
  return {
    atMs: () => atMs,
    stop: () => {
      globalThis.fetch = real;
    },
  };
}

/**
 * Posts a job where every object and D1 call takes `hopMs` more, in the Worker and in the job's object, under an
 * idempotency key: a name makes the object's id by itself, so it costs no hop of its own.
 */
async function farPost(
  hopMs: number,
  key: Record<string, string>,
  tenant: string,
  name: string,
  model: string,
  door: Door,
) {
  const hops: Hop[] = [];
  const hints: unknown[] = [];
  const ctx = createExecutionContext();
  const far = farEnv(env as unknown as AtomicEnv, hopMs, hops, hints);
  const place = { continent: "EU", country: "FR", longitude: "2.3" };
  const app = createApp(portsOf(far, (work) => ctx.waitUntil(work)));
  const object = env.JOB.get(env.JOB.idFromName(JSON.stringify([tenant, `key/${name}`])));
  await runInDurableObject(object, (instance) => {
    const job = instance as unknown as { env: AtomicEnv };
    job.env = farEnv(job.env, hopMs, hops);
  });
  const fromMs = Date.now();
  const seen = firstProviderCall();
  const response = await app.request(
    `https://atomic.test${door.path}`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(door.fast === true ? {} : { "idempotency-key": name }),
        ...key,
      },
      body: JSON.stringify(door.body(model)),
      cf: place,
    } as RequestInit,
    env,
    ctx,
  );
  expect(response.status, await response.clone().text()).toBe(door.status);
  await response.text();
  await expect.poll(seen.atMs, { timeout: 10_000 }).toBeGreaterThan(0);
  const calledMs = seen.atMs();
  seen.stop();
  // What was old was read anew beside the request; the next one finds it fresh.
  await waitOnExecutionContext(ctx);
  // A reading beside the request runs while the job is made: nobody waits for it.
  const createMs = hops.find((hop) => hop.to === "JOB.create")?.atMs ?? calledMs;
  const waited = (hop: Hop) => hop.atMs + hopMs <= createMs || hop.atMs >= createMs;
  return {
    before: hops.filter((hop) => hop.atMs + hopMs <= calledMs && waited(hop)),
    tookMs: calledMs - fromMs,
    hints,
  };
}

describe("global clients", () => {
  describe.each([
    ["an operator", null, null],
    ["a tenant without a cap", "far-open", null],
    ["a tenant with a cap", "far-capped", { monthlyUsd: 50 }],
  ])("put at most one hop before the first provider call: %s", (who, tenant, cap) => {
    it.each(doors)("$name", async (door) => {
      const model = await bidder("far", { text: "one two" });
      const key = tenant === null ? { authorization: "Bearer operator-key-of-the-tests" } : await keyOf(tenant);
      if (cap !== null) expect((await put(`/v1/tenants/${tenant}/budget`, cap)).status).toBe(200);
      // A warm isolate: it has just seen the tenant, its key and the market, so that nothing is read anew beside.
      forgetTenant(tenant ?? "operator");
      forgetMarket();
      await farPost(warmHopMs, key, tenant ?? "operator", `warm-${door.name}-${tenant}`, model, door);
      const measured = `measured-${door.name}-${tenant}`;
      const { before, tookMs, hints } = await farPost(measuredHopMs, key, tenant ?? "operator", measured, model, door);
      expect(before.map((hop) => hop.to)).toEqual(door.fast === true ? [] : ["JOB.create"]);
      if (door.fast !== true) expect(hints).toContain("weur");
      console.log(`${who}, ${door.name}: ${before.length} hops, first provider call after ${Math.round(tookMs)} ms`);
    });
  });

  it("are served near where they are", () => {
    expect(locationHint(undefined)).toBeNull();
    expect(locationHint({ continent: "NA", longitude: "-122.4" })).toBe("wnam");
    expect(locationHint({ continent: "NA", longitude: "-74" })).toBe("enam");
    expect(locationHint({ continent: "EU", longitude: "21" })).toBe("eeur");
    expect(locationHint({ continent: "AS", country: "AE" })).toBe("me");
    expect(locationHint({ continent: "AS", country: "JP" })).toBe("apac");
    expect(locationHint({ continent: "T1" })).toBeNull();
  });
});
