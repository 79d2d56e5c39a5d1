import type { Context, Hono } from "hono";
import { AtomicError } from "../../error.ts";
import { type JobStatus, jobStatuses } from "../../job/job.ts";
import type { JobSummary } from "../../job/job-summary.ts";
import { toUsd } from "../../money/nano-usd.ts";
import type { ListPlace } from "../../money/tenant-ledger.ts";
import type { AppEnv } from "../app-env.ts";
import { cancelJob } from "../cancel-job.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import { openJob } from "../open-job.ts";
import type { Caller, HttpPorts } from "../ports.ts";
import { parseInput } from "../zod-refusal.ts";
import { tenantName } from "./field-bodies.ts";
import { linksOf } from "./links.ts";

/** List, view, explanation and cancelling of the caller's jobs. */
export function jobRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  const page = async (c: Context<AppEnv>, caller: Caller) => {
    const limit = wholeNumber(c.req.query("limit"), "limit", 1, 200) ?? 50;
    const status = statusOf(c.req.query("status"));
    const { jobs, next } = await ports.jobs.list(caller, { limit, after: placeOf(c.req.query("before")), status });
    /** `next`: give it as `before` for the next page. */
    return c.json({ jobs: jobs.map(listed), next: next === null ? null : `${next.createdAtMs}_${next.id}` });
  };
  const chain = async (c: Context<AppEnv>, caller: Caller) =>
    c.json({ tenant: caller.tenant, end: await ports.jobs.chainEnd(caller) });
  // What the operator sees of others' jobs: facts and seals, no content.
  const ofTenant = (c: Context<AppEnv>): Caller => ({
    ...c.get("caller"),
    tenant: parseInput(tenantName, c.req.param("tenant")),
  });
  app.get("/v1/jobs", (c) => page(c, c.get("caller")));
  app.get("/v1/chain", (c) => chain(c, c.get("caller")));
  app.get("/v1/tenants/:tenant/jobs", operatorOnly, (c) => page(c, ofTenant(c)));
  app.get("/v1/tenants/:tenant/chain", operatorOnly, (c) => chain(c, ofTenant(c)));

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

  app.get("/v1/jobs/:id/seal", async (c) => {
    const id = c.req.param("id");
    // Settled under the id it was given first, which a change of the signing secret leaves behind.
    const { id: settledAs, createdAtMs } = await (await openJob(ports, c.get("caller"), id)).summary();
    const seal = await ports.jobs.seal(c.get("caller"), settledAs, createdAtMs);
    if (seal !== null) return c.json({ id, ...seal });
    throw new AtomicError(
      "conflict",
      "Nothing is recorded of this job's log: it runs, or ended a moment ago and has not been settled yet. Ask again later.",
    );
  });

  app.post("/v1/jobs/:id/cancel", async (c) => {
    const id = c.req.param("id");
    return c.json({ id, ...(await cancelJob(ports, c.get("caller"), id)) }, 202, { "atomic-job-id": id });
  });

  app.delete("/v1/jobs/:id", async (c) => {
    await eraseJob(ports, c.get("caller"), c.req.param("id"));
    return c.body(null, 204);
  });
}

/** `DELETE /v1/jobs/{id}`: what the job holds of texts goes now, not when its retention ends. */
export async function eraseJob(ports: HttpPorts, caller: Caller, id: string): Promise<void> {
  const refusal = await (await openJob(ports, caller, id)).erase();
  if (refusal !== null) throw AtomicError.from(refusal);
}

const listed = ({ costNano, savedNano, ...job }: JobSummary) => ({
  ...job,
  costUsd: toUsd(costNano),
  savedUsd: toUsd(savedNano),
});

/** The `next` of a page: a time and an id, since jobs of one millisecond may be on two pages. A time alone will do too. */
function placeOf(before: string | undefined): ListPlace | null {
  if (before === undefined) return null;
  const [, ms, id = ""] = /^(\d{1,15})(?:_(job_[0-9a-f-]+_[0-9a-f]+))?$/.exec(before) ?? [];
  if (ms !== undefined) return { createdAtMs: Number(ms), id };
  const message = '"before" must be the "next" of the page before, or a time in epoch milliseconds.';
  throw new AtomicError("invalid-request", message, { field: "before" });
}

function statusOf(text: string | undefined): JobStatus | undefined {
  const status = jobStatuses.find((one) => one === text);
  if (status !== undefined || text === undefined) return status;
  throw new AtomicError("invalid-request", `"status" must be one of ${jobStatuses.join(", ")}.`, { field: "status" });
}

export function wholeNumber(text: string | undefined, field: string, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value < min || value > max)
    throw new AtomicError("invalid-request", `"${field}" must be a whole number from ${min} to ${max}.`, { field });
  return value;
}
