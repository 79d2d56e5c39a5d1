import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import type { AtomicEnv } from "../../src/env.ts";
import { keyOf, languageSpecialists, post } from "./call.ts";
import type { SinkPost } from "./provider.ts";

it("a job's object sends its trace again to a collector that is busy", async () => {
  const url = `${inject("sinkUrl")}/busy-1/${crypto.randomUUID()}`;
  const key = await keyOf("traced");
  const object = env.JOB.get(env.JOB.idFromName(JSON.stringify(["traced", "key/once"])));
  await runInDurableObject(object, (instance) => {
    const job = instance as unknown as { env: AtomicEnv };
    job.env = { ...job.env, ATOMIC_OTLP_URL: url };
  });
  const body = { text: "Guten Tag, wie geht es Ihnen?", kind: "language", bidders: languageSpecialists };
  expect((await post("/v1/jobs?wait=true", body, { "idempotency-key": "once", ...key })).status).toBe(200);
  const posts = async () =>
    ((await (await fetch(`${inject("sinkUrl")}/posts`)).json()) as SinkPost[]).filter((p) => url.endsWith(p.path));
  await expect.poll(async () => (await posts()).length, { timeout: 15_000 }).toBe(2);
  const [first, second] = await posts();
  expect(second?.body).toBe(first?.body);
  expect(JSON.parse(second?.body ?? "")).toHaveProperty("resourceSpans");
});
