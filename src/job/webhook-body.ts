import type { WebhookMessage } from "./delivery-event.ts";
import type { Job } from "./job.ts";

/** Longer answers are left out; the receiver reads them by the job's id. Code units. */
const answerChars = 100_000;

/**
 * What a webhook's receiver gets, as JSON in the shape that Standard Webhooks recommends. A repeat of a message has
 * the same bytes: nothing in it moves once the message is due.
 */
export function webhookBody(job: Job, message: WebhookMessage): string {
  const { about } = message;
  const timestamp = new Date(message.atMs).toISOString();
  const common = { id: job.id, metadata: job.request.metadata };
  if (about.topic === "microtask.waiting") {
    const approval = `/v1/jobs/${job.id}/approvals/${about.microtask}`;
    const data = { ...common, microtask: about.microtask, approval };
    return JSON.stringify({ type: about.topic, timestamp, data });
  }
  const text = job.answer === null ? "" : JSON.stringify(job.answer);
  const fits = text.length <= answerChars;
  const data = {
    ...common,
    status: job.status,
    endedAt: new Date(job.endedAtMs ?? message.atMs).toISOString(),
    answer: fits ? job.answer : null,
    ...(fits ? {} : { answerOmitted: true }),
    error: job.error,
  };
  return JSON.stringify({ type: about.topic, timestamp, data });
}

/** The topic of a job's end; null while it runs. */
export function endTopic(
  status: Job["status"],
): "job.succeeded" | "job.failed" | "job.cancelled" | "job.parked" | null {
  return status === "running" ? null : `job.${status}`;
}

/** The outbox as a view shows it: without the receiver. */
export const outboxView = (job: Job) =>
  job.outbox.map(({ id, about, state, attempts, nextAtMs }) => ({
    id,
    topic: about.topic,
    state,
    attempts,
    nextAtMs: state === "due" ? nextAtMs : null,
  }));
