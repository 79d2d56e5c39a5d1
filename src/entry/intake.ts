import { z } from "zod";
import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import { admit } from "../http/admit.ts";
import { jobBody } from "../http/native/job-body.ts";
import { jobRequestOf } from "../http/native/job-request.ts";
import { refuseReuse } from "../http/refuse-reuse.ts";
import { requireWait } from "../http/require-wait.ts";
import { submitJob } from "../http/submit-job.ts";
import { parseInput } from "../http/zod-refusal.ts";
import { portsOf } from "./ports.ts";

/** One message of the intake queue: whose job it is, and the body of POST /v1/jobs. */
const intakeMessage = z.strictObject({ tenant: z.string().min(1).max(128), job: z.unknown() });

/**
 * Jobs by queue. A message that no body of POST /v1/jobs could be is named and dropped. Whatever else is refused comes
 * again until there is a job, or is a dead letter: money, rules, bidders and settings may be others by then.
 */
export async function takeIntake(
  batch: MessageBatch,
  env: AtomicEnv,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<void> {
  const ports = portsOf(env, keepAlive);
  for (const message of batch.messages) {
    let readable = false;
    try {
      const { tenant, job } = parseInput(intakeMessage, message.body);
      const body = parseInput(jobBody, job);
      readable = true;
      const request = await jobRequestOf(body, ports.parseMail);
      const caller = { tenant, role: "tenant", keyId: "queue", scope: "all" } as const;
      const name = `queue/${batch.queue}/${message.id}`;
      await submitJob(ports, { caller, request, via: "queue", name }, async () => {
        await admit(request, ports, tenant);
        requireWait(request, { waits: false, named: false }, "job.lane", "send it by HTTP");
        refuseReuse(request, "job.reuseMs", "Each message is a job of its own. Leave it out, or send it by HTTP.");
      });
      message.ack();
    } catch (error) {
      const { code, field } = error instanceof AtomicError ? error : { code: "internal", field: undefined };
      const event = readable ? "intake-refused" : "intake-rejected";
      console.error(JSON.stringify({ event, message: message.id, code, field }));
      if (readable) message.retry({ delaySeconds: Math.min(600, 5 * 4 ** message.attempts) });
      else message.ack();
    }
  }
}
