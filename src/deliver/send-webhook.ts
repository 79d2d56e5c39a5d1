import { readRetryAfter } from "./retry-after.ts";
import { signWebhook } from "./webhook-secret.ts";
import { checkWebhookTarget, type NearReceivers } from "./webhook-target.ts";

/** A receiver has so long to answer, ms; what it does with the message is to come after its answer. */
export const answerMs = 15_000;

export interface WebhookPost {
  url: string;
  /** Each of them signs; more than one while the secret is rotated. */
  secrets: readonly string[];
  id: string;
  body: string;
  nowMs: number;
  near: NearReceivers;
}

export type Delivered =
  | { ok: true; status: number }
  /** `retryAfterMs`: the receiver asked for so much time; absent: it did not say. */
  | { ok: false; status: number | null; reason: string; gone: boolean; retryAfterMs?: number };

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
  const signatures = await Promise.all(post.secrets.map((one) => signWebhook(one, post.id, timestampS, post.body)));
  if (signatures.length === 0 || signatures.includes(null))
    return failed("the signing secret is missing or has not the form whsec_<base64>");
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
        "webhook-signature": signatures.join(" "),
      },
      body: post.body,
    });
    // What a receiver says is not read: its status is the whole answer.
    await response.body?.cancel().catch(() => {});
    // Of scripts/egress.mjs: nobody was asked, so nobody answered.
    if (response.headers.get("atomic-egress") === "refused")
      return failed("--egress does not name the receiver's host");
    if (response.status >= 200 && response.status < 300) return { ok: true, status: response.status };
    const redirects = response.status >= 300 && response.status < 400;
    const reason = redirects
      ? "the receiver redirects, which is not followed"
      : `the receiver answered ${response.status}`;
    const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), post.nowMs);
    return { ...failed(reason, response.status), ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return failed(late ? `no answer within ${answerMs / 1000} s` : "the receiver could not be reached");
  }
}
