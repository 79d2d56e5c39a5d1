import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { TenantObject } from "../../durable-objects/tenant.ts";
import { type ChainedJob, checkChain } from "../../src/job/check-chain.ts";
import { type ChainEnd, linkText, noEnd } from "../../src/job/seal.ts";
import { bidder, call, keyOf, post } from "./call.ts";

const encoder = new TextEncoder();
const sha256 = async (text: string): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

it.each(["durable", "fast"])("is recorded when a job settles, and is what its events say: %s lane", async (lane) => {
  const model = await bidder(`sealed-${lane}`, { text: "Ü is in the seal." });
  const key = await keyOf(`sealed-${lane}`);
  const { id } = (await (
    await post("/v1/jobs?wait=true", { text: "Say it.", lane, bidders: [model] }, key)
  ).json()) as { id: string };
  const seal = () => call(`/v1/jobs/${id}/seal`, {}, key);
  await expect.poll(async () => (await seal()).status, { timeout: 10_000 }).toBe(200);
  const record = (await (await seal()).json()) as { events: number; sha256: string; place: { n: number } };
  const { events, sha256: recorded, place } = record;
  expect(place.n).toBe(1);

  const lines = (await (await call(`/v1/jobs/${id}/events`, {}, key)).text())
    .split("\n")
    .flatMap((line) => (line.startsWith("data: ") ? [`${line.slice(6)}\n`] : []));
  expect(events).toBeGreaterThan(4);
  expect(lines.length).toBeGreaterThanOrEqual(events);
  expect(lines.slice(0, events).join("")).toContain('"type":"job-ended"');
  expect(await sha256(lines.slice(0, events).join(""))).toBe(recorded);
  expect(await sha256(lines.slice(0, events).join("").replace("Ü", "U"))).not.toBe(recorded);

  // What is said of the job later comes behind it, and the record stays.
  const said = await post("/v1/feedback", { job: id, microtask: "answer", good: true }, key);
  expect(said.status, await said.text()).toBeLessThan(300);
  expect(await (await seal()).json()).toEqual({ id, events, sha256: recorded, place });
  const { jobs } = (await (await call("/v1/jobs", {}, key)).json()) as { jobs: object[] };
  expect(jobs).toMatchObject([{ id, seal: { events, sha256: recorded } }]);

  // It outlives the log, and is nobody else's.
  const erase = async () => (await call(`/v1/jobs/${id}`, { method: "DELETE" }, key)).status;
  await expect.poll(erase, { timeout: 10_000 }).toBe(204);
  expect(await (await seal()).json()).toEqual({ id, events, sha256: recorded, place });
  expect((await call(`/v1/jobs/${id}/seal`, {}, await keyOf("sealed-other"))).status).toBe(404);
});

it("stands in its tenant's chain, which ends where the tenant's object says, also after feedback and repeats", async () => {
  const model = await bidder("chained", { text: "one" });
  const key = await keyOf("chained");
  const read = async <T>(path: string) => (await (await call(path, {}, key)).json()) as T;
  type Chain = { tenant: string; end: ChainEnd | null };
  expect(await read<Chain>("/v1/chain")).toEqual({ tenant: "chained", end: null });
  const ids: string[] = [];
  for (const lane of ["durable", "fast", "durable"]) {
    const asked = await post("/v1/jobs?wait=true", { text: "Say it.", lane, bidders: [model] }, key);
    const { id } = (await asked.json()) as { id: string };
    await expect.poll(async () => (await call(`/v1/jobs/${id}/seal`, {}, key)).status, { timeout: 10_000 }).toBe(200);
    ids.push(id);
    // A settlement comes again with it, and has the same place.
    const said = await post("/v1/feedback", { job: id, microtask: "answer", good: true }, key);
    expect(said.status, await said.text()).toBeLessThan(300);
  }
  const { end } = await read<Chain>("/v1/chain");
  const { jobs } = await read<{ jobs: ChainedJob[] }>("/v1/jobs");
  expect(jobs.map(({ id, seal }) => [id, seal.place.n]).sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(
    ids.map((id, i) => [id, i + 1]),
  );
  const text = new Map<string, string>();
  let before = noEnd;
  for (const { id, seal, ...job } of jobs.toReversed()) {
    const line = linkText(before, { ...job, ...seal, job: id });
    text.set(line, await sha256(line));
    before = { n: seal.place.n, link: seal.place.link, endedAtMs: job.endedAtMs ?? 0 };
  }
  expect(checkChain(jobs, { before: end, after: end, kept: null }, Date.now(), (line) => text.get(line) ?? "")).toEqual(
    {
      first: 1,
      last: 3,
      forgotten: 0,
      breaches: [],
    },
  );
});

it("has one place, however often a job settles; the next one follows from it, also in a new process", async () => {
  // One that lived before all objects ended is of no use after it.
  const home = () =>
    env.TENANT.get(env.TENANT.idFromName("chained-again")) as unknown as Pick<TenantObject, "settle" | "chainEnd">;
  const settle = (job: string) => {
    const bill = { job, slice: null, costNano: 5, chargeNano: 5, answered: true, tookMs: 10 };
    const facts = { microtasks: 1, attempts: 1, costNano: 5, savedNano: 0, savedTokens: 0, winner: null, error: null };
    const about = { id: job, tenant: "chained-again", status: "succeeded" as const, kind: "answer", plan: "single" };
    const seal = { events: 9, sha256: "5".repeat(64) };
    const summary = {
      ...about,
      ...facts,
      via: "http",
      createdAtMs: 1_790_000_000_000,
      endedAtMs: 1_790_000_000_000,
      seal,
    };
    return home().settle(bill, [{ summary, settlements: [], examples: [] }]);
  };
  // Twice in one commit, and again later: the queue may have refused what came with it.
  await Promise.all([settle("job_one"), settle("job_one")]);
  const first = await home().chainEnd();
  expect(first?.n).toBe(1);
  await settle("job_one");
  expect(await home().chainEnd()).toEqual(first);
  await abortAllDurableObjects();
  await settle("job_two");
  const about = { tenant: "chained-again", job: "job_two", status: "succeeded", endedAtMs: 1_790_000_000_000 };
  const line = linkText(first ?? noEnd, { ...about, events: 9, sha256: "5".repeat(64) });
  expect(await home().chainEnd()).toEqual({ n: 2, link: await sha256(line), endedAtMs: about.endedAtMs });
  await settle("job_one");
  expect((await home().chainEnd())?.n).toBe(2);
});

it("is refused while a job runs", async () => {
  const model = await bidder("sealed-slow", { text: "late", firstTokenAfterMs: 30_000 });
  const key = await keyOf("sealed-slow");
  const { id } = (await (await post("/v1/jobs", { text: "Say it.", bidders: [model] }, key)).json()) as { id: string };
  const refused = await call(`/v1/jobs/${id}/seal`, {}, key);
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: "conflict" });
  await call(`/v1/jobs/${id}/cancel`, { method: "POST" }, key);
});
