import type { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import type { BidderListing, HttpPorts } from "../ports.ts";
import { conversing, marketModels, requireModel } from "./model-name.ts";

/** A bidder has no date of birth; clients want an integer. */
const created = Date.UTC(2026, 0, 1) / 1000;

export function modelRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/models", async (c) => {
    const [all, { bidders: allowed }] = await Promise.all([
      ports.market.bidders(),
      ports.rules.of(c.get("caller").tenant),
    ]);
    // Clients let people choose from this list: what their operator does not let them ask is no choice.
    const bidders = conversing(all).filter(({ id }) => allowed?.includes(id) ?? true);
    return c.json({
      object: "list",
      data: [...Object.keys(marketModels).map((id) => model(id, "atomic")), ...bidders.map(bidderModel)],
    });
  });

  app.get("/v1/models/:id{.+}", async (c) => {
    const id = c.req.param("id");
    const bidders = await ports.market.bidders();
    requireModel(id, bidders);
    const bidder = bidders.find((b) => b.id === id);
    return c.json(bidder === undefined ? model(id, "atomic") : bidderModel(bidder));
  });
}

const model = (id: string, ownedBy: string) => ({ id, object: "model", created, owned_by: ownedBy });
const bidderModel = (bidder: BidderListing) => model(bidder.id, bidder.provider);
