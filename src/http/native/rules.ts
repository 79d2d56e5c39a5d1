import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app-env.ts";
import { checkNamed } from "../check-bidders.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";
import { tenantName } from "./field-bodies.ts";
import { biddersBody, redactBody, redactionOf, regionBody } from "./job-body.ts";

export const rulesBody = z.strictObject({
  bidders: biddersBody.nullable().optional().describe("Who may be asked, by id; null: anybody."),
  region: regionBody.nullable().optional().describe("Only bidders that run there; null: anywhere."),
  noRetention: z.boolean().optional().describe("Only bidders that promise not to keep what they are sent."),
  redact: redactBody.nullable().optional().describe("What is replaced in all that leaves for a bidder; null: nothing."),
});

/** What the operator confines a tenant's jobs to. A change holds for new jobs: here at once, everywhere within 10 s. */
export function rulesRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/tenants/:tenant/rules", operatorOnly, async (c) => {
    const tenant = parseInput(tenantName, c.req.param("tenant"));
    return c.json({ tenant, ...(await ports.rules.of(tenant)) });
  });

  app.put("/v1/tenants/:tenant/rules", operatorOnly, async (c) => {
    const tenant = parseInput(tenantName, c.req.param("tenant"));
    const body = parseInput(rulesBody, await readJson(c.req));
    const { bidders = null, region = null, noRetention = false, redact = null } = body;
    // A slip here would leave the tenant without a bidder, and nobody would see why.
    if (bidders !== null) checkNamed(bidders, await ports.market.candidates());
    const rules = { bidders, region, noRetention, ...(redact === null ? {} : { redact: redactionOf(redact) }) };
    await ports.rules.set(tenant, rules);
    return c.json({ tenant, ...rules });
  });
}
