import type { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";

export const seedBody = z.strictObject({
  /** What is known from elsewhere: {bidder, kind, context?, accepted, n}. The market checks each row. */
  rows: z.array(z.record(z.string(), z.unknown())).min(1).max(5000),
});

export const evaluationBody = z.strictObject({
  /** How bidders did on inputs elsewhere: {input, bidder, kind, context?, good, inputChars?, inputTokens?, outputTokens?, totalMs?}. The market checks each row. */
  rows: z.array(z.record(z.string(), z.unknown())).min(1).max(5000),
});

/** `POST /v1/market/priors`: seeds the market; answers how many rows were taken, and which were refused and why. */
export function seedRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/market/priors", operatorOnly, async (c) => {
    const { rows } = parseInput(seedBody, await readJson(c.req));
    return c.json(await ports.market.seed(rows));
  });

  // Outcomes rather than counts: they also teach who fails on the same inputs, what answers cost and how long they take.
  app.post("/v1/market/evaluations", operatorOnly, async (c) => {
    const { rows } = parseInput(evaluationBody, await readJson(c.req));
    return c.json(await ports.market.evaluate(rows));
  });
}
