import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { BidderListing, Caller, HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";

/** "provider/model"; a model's name may hold further slashes ("workers-ai/@cf/meta/llama-3"). */
const idForm = /^[a-z0-9][a-z0-9._-]{0,63}(\/[A-Za-z0-9@][A-Za-z0-9@._:+-]{0,127}){1,4}$/;

/** This alone is for any bidder, also for one that the operator did not add. */
const switchBody = z.strictObject({ enabled: z.boolean() });

/** Who bids, and their standing, for every caller; changes are the operator's. */
export function bidderRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  // How busy a bidder is tells of other tenants.
  const shown = ({ now, ...bidder }: BidderListing, { role }: Caller) =>
    role === "operator" && now !== undefined ? { ...bidder, now } : bidder;

  app.get("/v1/bidders", async (c) => {
    const bidders = await ports.market.bidders();
    return c.json({ bidders: bidders.map((bidder) => shown(bidder, c.get("caller"))) });
  });

  app.get("/v1/bidders/:id{.+}", async (c) => {
    const id = c.req.param("id");
    const bidder = (await ports.market.bidders()).find((b) => b.id === id);
    if (bidder === undefined) throw missing();
    return c.json(shown(bidder, c.get("caller")));
  });

  app.put("/v1/bidders/:id{.+}", operatorOnly, async (c) => {
    const id = c.req.param("id");
    if (!idForm.test(id))
      throw new AtomicError("invalid-bidder", 'A bidder\'s id is "provider/model", for example "openai/gpt-5-mini".', {
        field: "id",
      });
    const body = await readJson(c.req);
    const on = switchBody.safeParse(body);
    if (on.success) {
      if (!(await ports.market.switchBidder(id, on.data.enabled))) throw missing();
      return c.json({ id, enabled: on.data.enabled });
    }
    const refusal = await ports.market.putBidder(id, body);
    if (refusal !== null) throw AtomicError.from(refusal);
    return c.json({ id });
  });

  app.delete("/v1/bidders/:id{.+}", operatorOnly, async (c) => {
    const id = c.req.param("id");
    if (await ports.market.deleteBidder(id)) return c.body(null, 204);
    const there = (await ports.market.bidders()).some((bidder) => bidder.id === id);
    throw there ? notAdded(id) : missing();
  });
}

function notAdded(id: string): AtomicError {
  const from = /^(embedded|sim)\//.test(id)
    ? "is built in"
    : "comes from the server's environment (ATOMIC_LLM_MODEL, or its provider's key)";
  const how = `PUT {"enabled": false} here, or npm run bidders -- off ${id}.`;
  return new AtomicError("invalid-bidder", `"${id}" ${from} and cannot be deleted. Switch it off: ${how}`, {
    field: "id",
  });
}

const missing = () =>
  new AtomicError("not-found", "There is no such bidder. GET /v1/bidders lists them.", { field: "id" });
