import type { Hono } from "hono";
import { mayBeAsked } from "../../market/eligibility.ts";
import { modelInfo, modelInfos } from "../anthropic/model-info.ts";
import type { AppEnv } from "../app-env.ts";
import { dialectOf } from "../error-response.ts";
import { conversing, marketModels, requireModel } from "../model-name.ts";
import type { BidderListing, HttpPorts } from "../ports.ts";

/** A bidder has no date of birth; clients want one. */
const createdAtMs = Date.UTC(2026, 0, 1);
const created = createdAtMs / 1000;

export function modelRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/models", async (c) => {
    const bidders = conversing(await choice(ports, c.get("caller").tenant));
    if (dialectOf(c) === "anthropic")
      return c.json(modelInfos([...Object.keys(marketModels), ...bidders.map((b) => b.id)], createdAtMs));
    return c.json({
      object: "list",
      data: [...Object.keys(marketModels).map((id) => model(id, "atomic")), ...bidders.map(bidderModel)],
    });
  });

  app.get("/v1/models/:id{.+}", async (c) => {
    const id = c.req.param("id");
    const bidders = await choice(ports, c.get("caller").tenant);
    requireModel(id, bidders);
    if (dialectOf(c) === "anthropic") return c.json(modelInfo(id, createdAtMs));
    const bidder = bidders.find((b) => b.id === id);
    return c.json(bidder === undefined ? model(id, "atomic") : bidderModel(bidder));
  });
}

/** Clients let people choose from these: what their operator does not let them ask is no choice. */
async function choice(ports: HttpPorts, tenant: string): Promise<BidderListing[]> {
  const [all, rules] = await Promise.all([ports.market.bidders(), ports.rules.of(tenant)]);
  return all.filter((one) => mayBeAsked(one, { ...rules, bidders: rules.bidders ?? [one.id] }));
}

const model = (id: string, ownedBy: string) => ({ id, object: "model", created, owned_by: ownedBy });
const bidderModel = (bidder: BidderListing) => model(bidder.id, bidder.provider);
