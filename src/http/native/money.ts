import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { Pace } from "../../market/pace.ts";
import { csv, type LedgerEntry, ledgerCsv } from "../../money/ledger.ts";
import { fromUsd, toUsd } from "../../money/nano-usd.ts";
import type { Standing } from "../../money/tenant-ledger.ts";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import { openJob } from "../open-job.ts";
import type { HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";
import { tenantName } from "./field-bodies.ts";

/** Up to 9 million USD fit an exact integer of nano-USD; 0 leaves a tenant, or each of its jobs, to bidders that cost nothing. */
const capBody = z.number().min(0).max(1_000_000).nullable();
export const limitsBody = z.strictObject({
  monthlyUsd: capBody,
  jobUsd: capBody.optional(),
  /** The mean time a job should take, ms: dearer waiting makes the market choose faster bidders. */
  latencyMs: z.int().min(50).max(3_600_000).nullable().optional(),
  /** Jobs that may begin in any 60 s; those that come by queue or mail are not counted. */
  jobsPerMinute: z.int().min(1).max(1_000_000).nullable().optional(),
});
const tokens = z.int().min(0).max(100_000_000);
export const usageBody = z.strictObject({
  /** Whose job it is; absent: the caller's own. */
  tenant: tenantName.optional(),
  input: tokens,
  output: tokens,
  cachedInput: tokens.optional(),
  cacheWrite: tokens.optional(),
  reasoning: tokens.optional(),
  /** What the provider billed for all of it, where its tokens at the attempt's price are not that (Workers AI's neurons). */
  billedUsd: z.number().min(0).max(1_000).optional(),
});

const months = 36;
const isoTime = (ms: number): string => new Date(ms).toISOString();
const asCsv = { "content-type": "text/csv; charset=utf-8; header=present", "cache-control": "no-store" };

/** Ledgers, the month's standing, and the limits that the operator sets. */
export function moneyRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/jobs/:id/ledger.csv", async (c) => {
    const job = await openJob(ports, c.get("caller"), c.req.param("id"));
    return c.body(ledgerCsv(await job.ledger(), isoTime), 200, asCsv);
  });

  app.get("/v1/jobs/:id/ledger", async (c) => {
    const id = c.req.param("id");
    const entries = await (await openJob(ports, c.get("caller"), id)).ledger();
    return c.json({ id, entries: entries.map(shownEntry) });
  });

  // A provider's invoice says what a cut stream was billed. The operator's alone: a tenant's cap holds against it.
  app.put("/v1/jobs/:id/attempts/:attempt/usage", operatorOnly, async (c) => {
    const { tenant, billedUsd, ...counts } = parseInput(usageBody, await readJson(c.req));
    const usage = billedUsd === undefined ? counts : { ...counts, billedNano: fromUsd(billedUsd) };
    const caller = c.get("caller");
    const job = await openJob(ports, { ...caller, tenant: tenant ?? caller.tenant }, c.req.param("id"));
    const refusal = await job.reconcile(c.req.param("attempt"), { ...usage, source: "provider" });
    if (refusal !== null) throw AtomicError.from(refusal);
    return c.body(null, 204);
  });

  app.get("/v1/budget", async (c) => c.json(shown(await ports.money.standing(c.get("caller")))));

  app.get("/v1/tenants/:tenant/budget", operatorOnly, async (c) => {
    const tenant = parseInput(tenantName, c.req.param("tenant"));
    return c.json({ tenant, ...shown(await ports.money.standing({ ...c.get("caller"), tenant })) });
  });

  app.get("/v1/usage.csv", async (c) => {
    const rows = await ports.money.months(c.get("caller"), months);
    const table = rows.map((m) => [m.month, m.jobs, m.costNano, m.chargeNano]);
    return c.body(csv(["month", "jobs", "cost_nano_usd", "charge_nano_usd"], table), 200, asCsv);
  });

  app.put("/v1/tenants/:tenant/budget", operatorOnly, async (c) => {
    const tenant = parseInput(tenantName, c.req.param("tenant"));
    const { monthlyUsd, jobUsd, latencyMs, jobsPerMinute } = parseInput(limitsBody, await readJson(c.req));
    const nano = (usd: number | null | undefined) => (usd === null || usd === undefined ? null : fromUsd(usd));
    const limits = {
      monthlyNano: nano(monthlyUsd),
      jobNano: nano(jobUsd),
      latencyMs: latencyMs ?? null,
      jobsPerMinute: jobsPerMinute ?? null,
    };
    const standing = await ports.money.setLimits(tenant, limits);
    return c.json({ tenant, ...shown(standing) });
  });
}

const shownEntry = ({ nano, ...entry }: LedgerEntry) => {
  if (entry.type === "charge" || entry.usage?.billedNano === undefined) return { ...entry, usd: toUsd(nano) };
  const { billedNano, ...counts } = entry.usage;
  return { ...entry, usage: { ...counts, billedUsd: toUsd(billedNano) }, usd: toUsd(nano) };
};

const shown = (s: Standing & { pace: Pace }) => ({
  month: s.month,
  jobs: s.jobs,
  running: s.running,
  costUsd: toUsd(s.costNano),
  chargeUsd: toUsd(s.chargeNano),
  /** Lent to running jobs: it may still be spent. */
  heldUsd: toUsd(s.heldNano),
  monthlyUsd: s.monthlyNano === null ? null : toUsd(s.monthlyNano),
  jobUsd: s.jobNano === null ? null : toUsd(s.jobNano),
  latencyMs: s.latencyMs,
  jobsPerMinute: s.jobsPerMinute,
  /** What one USD of cost, and one second of waiting in USD, weigh in the next job's auctions. */
  pace: s.pace,
  leftUsd: s.leftNano === null ? null : toUsd(s.leftNano),
});
