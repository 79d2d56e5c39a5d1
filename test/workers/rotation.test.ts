import { env, waitUntil } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, inject, it } from "vitest";
import { postWebhook } from "../../durable-objects/post-webhook.ts";
import { tenantWebhookSecret } from "../../src/deliver/webhook-secret.ts";
import { portsOf } from "../../src/entry/ports.ts";
import type { AtomicEnv } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import type { Job } from "../../src/job/job.ts";
import { call, keyOf, languageSpecialists, post } from "./call.ts";
import type { SinkPost } from "./provider.ts";

const before = env as unknown as AtomicEnv;
const after: AtomicEnv = { ...before, ATOMIC_SIGNING_SECRET: "the-new-one" };
/** What signed before was the operator's key. */
const rotating: AtomicEnv = { ...after, ATOMIC_SIGNING_SECRET_PREVIOUS: before.ATOMIC_API_KEY ?? "" };

it("job ids of before are found while the signing secret is rotated, by their repeats too, and not without it", async () => {
  const key = await keyOf("rotates");
  const body = { text: "Guten Tag, wie geht es Ihnen?", kind: "language", bidders: languageSpecialists };
  const named = { "idempotency-key": "once", ...key };
  const { id: old } = (await (await post("/v1/jobs?wait=true", body, named)).json()) as { id: string };
  const asks = async (of: AtomicEnv, path: string, init: RequestInit = {}) => {
    const headers = { "content-type": "application/json", ...named };
    const response = await createApp(portsOf(of, waitUntil)).request(path, { ...init, headers });
    return [response.status, (await response.json()) as { id: string; secret: string }] as const;
  };
  expect((await asks(rotating, `/v1/jobs/${old}`))[0]).toBe(200);
  expect((await asks(after, `/v1/jobs/${old}`))[0]).toBe(404);
  await expect.poll(async () => (await asks(rotating, `/v1/jobs/${old}/seal`))[0], { timeout: 20_000 }).toBe(200);

  const [, again] = await asks(rotating, "/v1/jobs", { method: "POST", body: JSON.stringify(body) });
  expect(again.id).not.toBe(old);
  expect(again.id.split("_")[1]).toBe(old.split("_")[1]);
  expect((await asks(after, `/v1/jobs/${again.id}`))[0]).toBe(200);
  expect((await asks(after, `/v1/jobs/${again.id}/seal`))[0]).toBe(200);
  // What it asked to keep has the id of then, and goes by either.
  await before.DB.prepare("insert into examples values ('rotates', 'language', 'k', ?, 'in', 'out', 1, null)")
    .bind(old)
    .run();
  const forgets = { method: "DELETE" };
  expect(await asks(rotating, `/v1/examples?job=${again.id}`, forgets)).toEqual([200, { forgotten: 1 }]);

  const secret = await tenantWebhookSecret("the-new-one", "rotates");
  expect((await asks(rotating, "/v1/webhook-secret"))[1]).toEqual({ secret });
});

it("webhooks carry both signatures while the signing secret is rotated, and one where the job names its own", async () => {
  const sent = async (of: AtomicEnv, webhook: object): Promise<SinkPost> => {
    const url = `${inject("sinkUrl")}/rotated/${crypto.randomUUID()}`;
    const job = { tenant: "rotates", request: { webhook: { url, ...webhook } } } as unknown as Job;
    expect(await postWebhook(of, job, "msg_1", '{"a":1}')).toMatchObject({ ok: true });
    const posts = (await (await fetch(`${inject("sinkUrl")}/posts`)).json()) as SinkPost[];
    return posts.find((one) => url.endsWith(one.path)) ?? { path: "", headers: {}, body: "" };
  };
  const { headers, body } = await sent(rotating, {});
  const { secret: old } = (await (await call("/v1/webhook-secret", {}, await keyOf("rotates"))).json()) as {
    secret: string;
  };
  for (const secret of [old, await tenantWebhookSecret("the-new-one", "rotates")])
    expect(new Webhook(secret).verify(body, headers)).toEqual({ a: 1 });
  const own = { ...rotating, NAMED: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } as AtomicEnv;
  for (const one of [await sent(own, { secretName: "NAMED" }), await sent(after, {})])
    expect(one.headers["webhook-signature"]).toMatch(/^v1,\S+$/);
});
