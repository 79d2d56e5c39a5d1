import type { Hono } from "hono";
import { AtomicError } from "../../error.ts";
import type { JobSummary } from "../../job/job-summary.ts";
import { toUsd } from "../../money/nano-usd.ts";
import type { AppEnv } from "../app-env.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts } from "../ports.ts";
import { linksOf } from "./links.ts";

/** List, view, explanation and cancelling of the caller's jobs. */
export function jobRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/jobs", async (c) => {
    const limit = wholeNumber(c.req.query("limit"), "limit", 1, 200) ?? 50;
    const beforeMs = wholeNumber(c.req.query("before"), "before", 0, Number.MAX_SAFE_INTEGER);
    const jobs = await ports.jobs.list(c.get("caller"), { limit, beforeMs });
    const last = jobs.at(-1);
    return c.json({
      jobs: jobs.map(listed),
      /** Give it as `before` for the next page. */
      next: jobs.length < limit || last === undefined ? null : last.createdAtMs,
    });
  });

  app.get("/v1/jobs/:id", async (c) => {
    const id = c.req.param("id");
    const job = await openJob(ports, c.get("caller"), id);
    return c.json({ ...(await job.view()), links: linksOf(id) }, 200, { "atomic-job-id": id });
  });

  app.get("/v1/jobs/:id/explain", async (c) => {
    const id = c.req.param("id");
    const job = await openJob(ports, c.get("caller"), id);
    return c.json(await job.explain(), 200, { "atomic-job-id": id });
  });

  app.get("/v1/jobs/:id/summary", async (c) => {
    const job = await openJob(ports, c.get("caller"), c.req.param("id"));
    return c.json(listed(await job.summary()));
  });

  app.post("/v1/jobs/:id/cancel", async (c) => {
    const id = c.req.param("id");
    const job = await openJob(ports, c.get("caller"), id);
    return c.json({ id, ...(await job.cancel("client")) }, 202, { "atomic-job-id": id });
  });
}

const listed = ({ costNano, savedNano, ...job }: JobSummary) => ({
  ...job,
  costUsd: toUsd(costNano),
  savedUsd: toUsd(savedNano),
});

export function wholeNumber(text: string | undefined, field: string, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value < min || value > max)
    throw new AtomicError("invalid-request", `"${field}" must be a whole number from ${min} to ${max}.`, { field });
  return value;
}
