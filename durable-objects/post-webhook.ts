import { signingSecret } from "../src/access/access.ts";
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
  const named = secretName === undefined ? undefined : (env as unknown as Record<string, unknown>)[secretName];
  const secret =
    secretName === undefined
      ? await tenantWebhookSecret(
          signingSecret(env.ATOMIC_API_KEY ?? null, env.ATOMIC_SIGNING_SECRET ?? null),
          job.tenant,
        )
      : typeof named === "string"
        ? named
        : "";
  return sendWebhook({ url, secret, id, body, nowMs: Date.now(), near: nearReceivers(env) }, (to, init) =>
    fetch(to, init),
  );
}
