import { expect, it } from "vitest";
import { bidder, call, keyOf, post, put } from "./call.ts";

const budget = (tenant: string, jobsPerMinute: number | null, more: object = {}) =>
  put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: null, jobsPerMinute, ...more });

it.each([
  ["open", "durable", {}],
  ["open", "fast", {}],
  ["capped", "durable", { monthlyUsd: 50 }],
  ["capped", "fast", { monthlyUsd: 50 }],
])("a tenant begins as many jobs a minute as its operator allows: %s, %s", async (kind, lane, more) => {
  const tenant = `rated-${kind}-${lane}`;
  const model = await bidder(tenant, { text: "fine" });
  const key = await keyOf(tenant);
  const set = await budget(tenant, 3, more);
  expect(await set.json()).toMatchObject({ jobsPerMinute: 3 });

  const body = { text: "Say it.", bidders: [model], lane };
  const asked = () => post("/v1/jobs?wait=true", body, key);
  const first = await Promise.all([asked(), asked(), asked(), asked(), asked()]);
  expect(first.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 429, 429]);
  const refused = await asked();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(30);
  expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(63);
  const problem = (await refused.json()) as { detail: string };
  expect(problem).toMatchObject({ code: "rate-limited", reason: "jobs-per-minute" });
  expect(problem.detail).toContain("3 jobs a minute. Try again in ");
  const chat = await post(
    "/v1/chat/completions",
    { model: "atomic", messages: [{ role: "user", content: "Say it." }] },
    key,
  );
  expect(chat.status).toBe(429);
  expect(await chat.json()).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit_exceeded" } });

  // Another tenant is not held up, nor is who reads; and the operator's word holds at once.
  expect((await post("/v1/jobs?wait=true", body, await keyOf(`${tenant}-other`))).status).toBe(200);
  expect((await call("/v1/jobs", {}, key)).status).toBe(200);
  await budget(tenant, null, more);
  expect((await asked()).status).toBe(200);
});

it("what was made under an idempotency key is that job still, and a batch makes its rest when posted again", async () => {
  const model = await bidder("rated-names", { text: "fine" });
  const key = await keyOf("rated-names");
  await budget("rated-names", 2);
  const named = { ...key, "idempotency-key": "once" };
  const body = { text: "Say it.", bidders: [model] };
  const made = (await (await post("/v1/jobs", body, named)).json()) as { id: string };
  const batch = { ...key, "idempotency-key": "many" };
  const jobs = { jobs: [body, { ...body, text: "Say more." }] };
  const part = await post("/v1/jobs:batch", jobs, batch);
  expect(part.status).toBe(207);
  const items = ((await part.json()) as { jobs: { id?: string; error?: { code: string } }[] }).jobs;
  expect(items.filter((item) => item.id !== undefined)).toHaveLength(1);
  expect(items.find((item) => item.error)?.error?.code).toBe("rate-limited");
  // The rate is used up; who asks for the same job has it all the same.
  expect(await (await post("/v1/jobs", body, named)).json()).toMatchObject({ id: made.id });
  await budget("rated-names", 10);
  const rest = await post("/v1/jobs:batch", jobs, batch);
  expect(rest.status).toBe(202);
  const known = items.find((item) => item.id !== undefined)?.id;
  expect(((await rest.json()) as { jobs: { id: string }[] }).jobs.map((job) => job.id)).toContain(known);
});

it("who asks again for a job that was made, or for what its rules do not allow, uses none of the rate up", async () => {
  const model = await bidder("rated-again", { text: "fine" });
  const key = await keyOf("rated-again");
  await budget("rated-again", 2);
  await put("/v1/tenants/rated-again/rules", { bidders: [model] });
  const body = { text: "Say it.", bidders: [model] };
  const made = await post("/v1/jobs?wait=true", body, { ...key, "idempotency-key": "once" });
  const { id } = (await made.json()) as { id: string };
  // Only the last of these is a job.
  for (let n = 0; n < 2; n++) {
    const again = await post("/v1/jobs?wait=true", body, { ...key, "idempotency-key": "once" });
    expect(await again.json()).toMatchObject({ id });
    expect((await post("/v1/jobs", { ...body, bidders: ["sim/steady"] }, key)).status).toBe(403);
  }
  expect((await post("/v1/jobs", body, key)).status).toBe(202);
  expect((await post("/v1/jobs", body, key)).status).toBe(429);
});
