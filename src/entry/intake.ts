import { z } from "zod";
import type { AtomicEnv } from "../env.ts";
import { AtomicError, errorTable } from "../error.ts";
import { admit } from "../http/admit.ts";
import { jobBody } from "../http/native/job-body.ts";
import { jobRequestOf } from "../http/native/job-request.ts";
import { requireWait } from "../http/require-wait.ts";
import { submitJob } from "../http/submit-job.ts";
import { parseInput } from "../http/zod-refusal.ts";
import { portsOf } from "./ports.ts";

/** One message of the intake queue: whose job it is, and the body of POST /v1/jobs. */
const intakeMessage = z.strictObject({ tenant: z.string().min(1).max(128), job: z.unknown() });

/** Jobs by queue. A message that can never be a job is named and dropped; others come again until there is a job. */
export async function takeIntake(
  batch: MessageBatch,
  env: AtomicEnv,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<void> {
  const ports = portsOf(env, keepAlive);
  for (const message of batch.messages) {
    try {
      const { tenant, job } = parseInput(intakeMessage, message.body);
      const request = await jobRequestOf(parseInput(jobBody, job), ports.parseMail);
      const caller = { tenant, role: "tenant", keyId: "queue" } as const;
      const name = `queue/${batch.queue}/${message.id}`;
      await submitJob(ports, { caller, request, via: "queue", name }, async () => {
        await admit(request, ports, tenant);
        requireWait(request, { waits: false, named: false }, "job.lane", "send it by HTTP");
      });
      message.ack();
    } catch (error) {
      // Money may come back with the next month or the end of another job; after the last try it is a dead letter.
      const later =
        !(error instanceof AtomicError) || errorTable[error.code].retryable || error.code === "budget-exceeded";
      if (later) {
        message.retry({ delaySeconds: Math.min(600, 5 * 4 ** message.attempts) });
        continue;
      }
      console.error(
        JSON.stringify({ event: "intake-rejected", message: message.id, code: error.code, field: error.field }),
      );
      message.ack();
    }
  }
}
