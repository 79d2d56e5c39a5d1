import type { Hono } from "hono";
import { admit } from "../admit.ts";
import type { AppEnv } from "../app-env.ts";
import type { HttpPorts } from "../ports.ts";
import { readJobJson } from "../read-body.ts";
import { parseInput } from "../zod-refusal.ts";
import { jobBody } from "./job-body.ts";
import { jobRequestOf } from "./job-request.ts";

/** `POST /v1/auctions/preview`: takes what `POST /v1/jobs` takes and says who would win and why. Nothing is run. */
export function previewRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/auctions/preview", async (c) => {
    const request = await jobRequestOf(parseInput(jobBody, await readJobJson(c.req)), ports.parseMail);
    await admit(request, ports, c.get("caller").tenant);
    const auctions = await ports.market.preview(c.get("caller"), request);
    return c.json({ auctions: auctions.map((one) => ({ ...one, decision: inCallersWords(one.decision) })) });
  });
}

/** The market counts in nano-USD; who is refused is told the field of the body that was posted. */
const fields: Record<string, string> = { valueNano: "valueUsd", budgetNano: "budgetUsd" };

function inCallersWords<T extends object>(decision: T): T {
  if (!("field" in decision) || typeof decision.field !== "string") return decision;
  return { ...decision, field: fields[decision.field] ?? decision.field };
}
