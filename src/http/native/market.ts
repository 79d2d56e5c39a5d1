import type { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { HttpPorts } from "../ports.ts";

/** `GET /v1/market`: what was learned, by kind and context. The operator's: tenants may not read each other's contexts. */
export function marketRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/market", operatorOnly, async (c) => c.json({ kinds: await ports.market.profiles() }));
}
