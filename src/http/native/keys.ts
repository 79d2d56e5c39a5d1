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
});

const mostListed = 1_000;

/** Keys of tenants: the operator makes, lists and revokes them. A key is shown once. */
export function keyRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/keys", operatorOnly, async (c) => {
    const { tenant } = parseInput(keyBody, await readJson(c.req));
    return c.json({ ...(await ports.access.createKey(tenant)), tenant }, 201, { "cache-control": "no-store" });
  });

  app.get("/v1/keys", operatorOnly, async (c) => c.json({ keys: await ports.access.listKeys(mostListed) }));

  app.delete("/v1/keys/:id", operatorOnly, async (c) => {
    if (!(await ports.access.revokeKey(c.req.param("id"))))
      throw new AtomicError("not-found", "There is no such key, or it is revoked already.", { field: "id" });
    return c.body(null, 204);
  });
}
