import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts } from "../ports.ts";
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
    const { job: id, ...feedback } = parseInput(feedbackBody, await readJson(c.req));
    if ((feedback.label === undefined) === (feedback.good === undefined))
      throw new AtomicError(
        "invalid-request",
        'Say either "label" (the right one, of a closed kind) or "good" (true or false), not both.',
        { field: feedback.label === undefined ? "good" : "label" },
      );
    const job = await openJob(ports, c.get("caller"), id, "job");
    const refusal = await job.feedback(feedback);
    if (refusal !== null) throw AtomicError.from(refusal);
    return c.json({ job: id, recorded: true }, 202);
  });
}
