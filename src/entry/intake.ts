import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import { admit } from "../http/admit.ts";
import { jobBody } from "../http/native/job-body.ts";
import { jobRequestOf } from "../http/native/job-request.ts";
import { parseInput } from "../http/zod-refusal.ts";
import { z } from "zod";
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
      await admit(request, ports);
      await ports.jobs.create(
        { tenant, role: "tenant", keyId: "queue" },
        request,
        "queue",
        `queue/${batch.queue}/${message.id}`,
      );
      message.ack();
    } catch (error) {
      if (!(error instanceof AtomicError) || error.code === "internal") {
        message.retry();
        continue;
      }
      console.error(
        JSON.stringify({ event: "intake-rejected", message: message.id, code: error.code, field: error.field }),
      );
      message.ack();
    }
  }
}
