import type { WebhookTopic } from "../job/delivery-event.ts";
import type { Job } from "../job/job.ts";
import { endTopic, webhookBody } from "../job/webhook-body.ts";
import { drawsFor } from "./draws.ts";
import type { Delivery } from "./ports.ts";
import type { Run } from "./run.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** Waits after each failed attempt, ms: about 40 h in all, as the Standard Webhooks specification suggests. */
export const retryAfterMs = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour, 12 * hour];
/** A receiver that asks for more time than this gets so much. */
const longestAskedMs = 24 * hour;

/** A topic that the log has no message for yet; null: none. Made of the state alone, so a crash loses none. */
export function owedTopic(job: Job): WebhookTopic | null {
  if (job.request.webhook === undefined) return null;
  const end = endTopic(job.status);
  if (end !== null) return job.outbox.some((m) => m.about.topic === end) ? null : { topic: end };
  const waiting = job.microtasks.find(
    (m) =>
      m.status === "waiting" &&
      m.task.wait !== undefined &&
      "for" in m.task.wait &&
      !job.outbox.some((one) => one.about.topic === "microtask.waiting" && one.about.microtask === m.task.id),
  );
  return waiting === undefined ? null : { topic: "microtask.waiting", microtask: waiting.task.id };
}

/** The messages that are due now, and when the next one is. */
export function dueMessages(job: Job, nowMs: number): { due: string[]; nextAtMs: number } {
  const open = job.outbox.filter((m) => m.state === "due");
  return {
    due: open.filter((m) => m.nextAtMs <= nowMs).map((m) => m.id),
    nextAtMs: Math.min(Number.POSITIVE_INFINITY, ...open.filter((m) => m.nextAtMs > nowMs).map((m) => m.nextAtMs)),
  };
}

/** Sends a message once; what became of it is an event. The same message may reach its receiver twice, by one id. */
export function deliverMessage(run: Run, id: string): void {
  const message = run.job.outbox.find((m) => m.id === id);
  if (message === undefined || run.delivering.has(id)) return;
  run.delivering.add(id);
  const done = (delivery: Delivery) => {
    run.delivering.delete(id);
    const attempt = message.attempts + 1;
    if (delivery.ok) run.record({ type: "webhook-delivered", id, attempt, status: delivery.status });
    else {
      const { status, reason } = delivery;
      const wait = delivery.gone ? undefined : retryAfterMs[attempt - 1];
      const askedMs = Math.min(delivery.retryAfterMs ?? 0, longestAskedMs);
      // Spread over a tenth, so that receivers that were down are not met by all at once; what was asked for, upwards.
      const spread = 0.1 * drawsFor(run.job.seed, run.job.seq)();
      const waitMs = (least: number): number =>
        Math.round(Math.max(least * (0.95 + spread), Math.min(askedMs * (1 + spread), longestAskedMs)));
      const nextAtMs = wait === undefined ? null : run.ports.nowMs() + waitMs(wait);
      const asked = askedMs > 0 ? { retryAfterMs: askedMs } : {};
      run.record({ type: "webhook-failed", id, attempt, reason: reason.slice(0, 300), status, nextAtMs, ...asked });
    }
    run.turn();
  };
  run.ports.deliver(run.job, message.id, webhookBody(run.job, message)).then(done, () => {
    done({ ok: false, status: null, reason: "the delivery broke inside Atomic", gone: false });
  });
}
