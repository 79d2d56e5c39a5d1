import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";
import { tenantName } from "./field-bodies.ts";

export const keyBody = z.strictObject({
  /** Whose jobs the key sees. Keys of one tenant share them. */
  tenant: tenantName.refine((name) => name !== "operator", { error: "This name is the operator's own. Take another." }),
  days: z.int().min(1).max(3_650).optional().describe("The key works for so many days. Default: until it is revoked."),
  scope: z
    .enum(["all", "read"])
    .default("all")
    .describe("read: follows, lists and explains the tenant's jobs and previews auctions; everything else is 403."),
});

const mostListed = 1_000;

/** Keys of tenants: the operator makes, lists and revokes them. A key is shown once. */
export function keyRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/keys", operatorOnly, async (c) => {
    const { tenant, days = null, scope } = parseInput(keyBody, await readJson(c.req));
    return c.json(await ports.access.createKey(tenant, { days, scope }), 201, { "cache-control": "no-store" });
  });

  app.get("/v1/keys", operatorOnly, async (c) => c.json({ keys: await ports.access.listKeys(mostListed) }));

  app.delete("/v1/keys/:id", operatorOnly, async (c) => {
    if (!(await ports.access.revokeKey(c.req.param("id"))))
      throw new AtomicError("not-found", "There is no such key, or it is revoked already.", { field: "id" });
    return c.body(null, 204);
  });
}
