import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { openJob } from "../open-job.ts";
import type { Caller, HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";

export const feedbackBody = z.strictObject({
  job: z.string().min(1).max(200),
  microtask: z.string().min(1).max(64).optional(),
  label: z.string().min(1).max(200).optional(),
  good: z.boolean().optional(),
});

/** `POST /v1/feedback`: what a person says of an answer; the market learns from it. */
export function feedbackRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/feedback", async (c) => {
    const body = parseInput(feedbackBody, await readJson(c.req));
    await giveFeedback(ports, c.get("caller"), body);
    return c.json({ job: body.job, recorded: true }, 202);
  });
}

/** Records it, or throws why not. */
export async function giveFeedback(
  ports: HttpPorts,
  caller: Caller,
  { job: id, ...feedback }: z.infer<typeof feedbackBody>,
): Promise<void> {
  if ((feedback.label === undefined) === (feedback.good === undefined))
    throw new AtomicError(
      "invalid-request",
      'Say either "label" (the right one, of a closed kind) or "good" (true or false), not both.',
      { field: feedback.label === undefined ? "good" : "label" },
    );
  const job = await openJob(ports, caller, id, "job");
  const byOperator = caller.role === "operator" ? { byOperator: true as const } : {};
  const refusal = await job.feedback({ ...feedback, ...byOperator });
  if (refusal !== null) throw AtomicError.from(refusal);
}
