import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { requireWrite } from "../require-write.ts";
import { parseInput } from "../zod-refusal.ts";

export const approvalBody = z.strictObject({ approved: z.boolean(), note: z.string().max(2_000).default("") });

/** `POST /v1/jobs/{id}/approvals/{microtask}`: a person's word on a microtask that waits for it. Once. */
export function approvalRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/jobs/:id/approvals/:microtask", async (c) => {
    const [id, microtask] = [c.req.param("id"), c.req.param("microtask")];
    const { approved, note } = parseInput(approvalBody, await readJson(c.req));
    const job = await openJob(ports, c.get("caller"), id);
    const refusal = await job.approve(microtask, approved, note);
    if (refusal !== null) throw AtomicError.from(refusal);
    return c.json({ id, microtask, approved }, 202, { "atomic-job-id": id });
  });

  /** What a webhook's receiver checks signatures with. Whoever has it could sign as well: it is not only looking. */
  app.get("/v1/webhook-secret", async (c) => {
    const caller = c.get("caller");
    requireWrite(caller);
    return c.json({ secret: await ports.webhookSecret(caller) }, 200, { "cache-control": "no-store" });
  });
}
