import type { Hono } from "hono";
import { toUsd } from "../../money/nano-usd.ts";
import type { AppEnv } from "../app-env.ts";
import type { HttpPorts } from "../ports.ts";
import { wholeNumber } from "./jobs.ts";

/** `GET /v1/usage`: what the caller's jobs cost and what cutting losers saved, by month (UTC), newest first. */
export function usageRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/usage", async (c) => {
    const months = wholeNumber(c.req.query("months"), "months", 1, 120) ?? 12;
    const usage = await ports.jobs.usage(c.get("caller"), months);
    return c.json({
      months: usage.map(({ costNano, savedNano, ...month }) => ({
        ...month,
        costUsd: toUsd(costNano),
        savedUsd: toUsd(savedNano),
      })),
    });
  });
}
