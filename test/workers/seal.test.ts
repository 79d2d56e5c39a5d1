import { expect, it } from "vitest";
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
  const { events, sha256: recorded } = (await (await seal()).json()) as { events: number; sha256: string };

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
  expect(await (await seal()).json()).toEqual({ id, events, sha256: recorded });
  const { jobs } = (await (await call("/v1/jobs", {}, key)).json()) as { jobs: object[] };
  expect(jobs).toMatchObject([{ id, seal: { events, sha256: recorded } }]);

  // It outlives the log, and is nobody else's.
  const erase = async () => (await call(`/v1/jobs/${id}`, { method: "DELETE" }, key)).status;
  await expect.poll(erase, { timeout: 10_000 }).toBe(204);
  expect(await (await seal()).json()).toEqual({ id, events, sha256: recorded });
  expect((await call(`/v1/jobs/${id}/seal`, {}, await keyOf("sealed-other"))).status).toBe(404);
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
