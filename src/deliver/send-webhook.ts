import { signWebhook } from "./webhook-secret.ts";
import { checkWebhookTarget, type NearReceivers } from "./webhook-target.ts";

/** A receiver has so long to answer, ms; what it does with the message is to come after its answer. */
export const answerMs = 15_000;

export interface WebhookPost {
  url: string;
  secret: string;
  id: string;
  body: string;
  nowMs: number;
  near: NearReceivers;
}

export type Delivered =
  | { ok: true; status: number }
  | { ok: false; status: number | null; reason: string; gone: boolean };

/** Posts a signed message once. Redirects are not followed: they lead where nobody checked. Never rejects. */
export async function sendWebhook(
  post: WebhookPost,
  send: (url: string, init: RequestInit) => Promise<Response>,
): Promise<Delivered> {
  const failed = (reason: string, status: number | null = null): Delivered => ({
    ok: false,
    status,
    reason,
    gone: status === 410,
  });
  const refusal = checkWebhookTarget(post.url, post.near);
  if (refusal !== null) return failed(refusal.message);
  const timestampS = Math.floor(post.nowMs / 1000);
  const signature = await signWebhook(post.secret, post.id, timestampS, post.body);
  if (signature === null) return failed("the signing secret is missing or has not the form whsec_<base64>");
  try {
    const response = await send(post.url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(answerMs),
      headers: {
        "content-type": "application/json",
        "user-agent": "Atomic-Webhooks/1",
        "webhook-id": post.id,
        "webhook-timestamp": String(timestampS),
        "webhook-signature": signature,
      },
      body: post.body,
    });
    // What a receiver says is not read: its status is the whole answer.
    await response.body?.cancel().catch(() => {});
    // Of scripts/egress.mjs: nobody was asked, so nobody answered.
    if (response.headers.get("atomic-egress") === "refused")
      return failed("--egress does not name the receiver's host");
    if (response.status >= 200 && response.status < 300) return { ok: true, status: response.status };
    if (response.status >= 300 && response.status < 400)
      return failed("the receiver redirects, which is not followed", response.status);
    return failed(`the receiver answered ${response.status}`, response.status);
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return failed(late ? `no answer within ${answerMs / 1000} s` : "the receiver could not be reached");
  }
}
