import { signingSecrets } from "../src/access/signing-secrets.ts";
import { type Delivered, sendWebhook } from "../src/deliver/send-webhook.ts";
import { tenantWebhookSecret } from "../src/deliver/webhook-secret.ts";
import { nearReceivers } from "../src/deliver/webhook-target.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { Job } from "../src/job/job.ts";

/** One attempt at a job's webhook, signed with the named secret or the tenant's own. */
export async function postWebhook(env: AtomicEnv, job: Job, id: string, body: string): Promise<Delivered> {
  const { webhook } = job.request;
  if (webhook === undefined) return { ok: false, status: null, reason: "the job has no webhook", gone: true };
  const { url, secretName } = webhook;
  const secrets = secretName === undefined ? await tenantSecrets(env, job.tenant) : [namedSecret(env, secretName)];
  return sendWebhook({ url, secrets, id, body, nowMs: Date.now(), near: nearReceivers(env) }, (to, init) =>
    fetch(to, init),
  );
}

/** The tenant's own of now, and of before while the server's is rotated: its receiver may have either. */
async function tenantSecrets(env: AtomicEnv, tenant: string): Promise<string[]> {
  const { current, previous } = signingSecrets(env);
  const both = previous === null ? [current] : [current, previous];
  return Promise.all(both.map((secret) => tenantWebhookSecret(secret, tenant)));
}

function namedSecret(env: AtomicEnv, name: string): string {
  const named = (env as unknown as Record<string, unknown>)[name];
  return typeof named === "string" ? named : "";
}
