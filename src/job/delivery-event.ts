/** What a webhook tells: that the job has ended, or that a microtask waits for a person. */
export type WebhookTopic =
  | { topic: "job.succeeded" | "job.failed" | "job.cancelled" | "job.parked" }
  | { topic: "microtask.waiting"; microtask: string };

/** The outbox: a message is due until it was delivered or given up, whatever happens to the process. Times: epoch ms. */
export type DeliveryEvent =
  | { type: "webhook-due"; id: string; about: WebhookTopic }
  | { type: "webhook-delivered"; id: string; attempt: number; status: number }
  /** `nextAtMs` null: it was the last attempt, and the message is a dead letter. */
  | {
      type: "webhook-failed";
      id: string;
      attempt: number;
      reason: string;
      status: number | null;
      nextAtMs: number | null;
      /** The receiver asked for so much time, and `nextAtMs` is no sooner; absent: it did not ask. */
      retryAfterMs?: number;
    };

/** A message of the outbox, folded. */
export interface WebhookMessage {
  id: string;
  about: WebhookTopic;
  state: "due" | "delivered" | "dead";
  attempts: number;
  nextAtMs: number;
  atMs: number;
}
