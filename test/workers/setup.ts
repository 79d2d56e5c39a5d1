import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { call } from "./api.ts";

await applyD1Migrations(env.DB, env.MIGRATIONS);

// Files share a database and come in any order: each begins without the bidders that others added, of which 48 may be.
const added = await env.DB.prepare("select id from bidders where body <> 'null'").all<{ id: string }>();
for (const { id } of added.results) {
  const { status } = await call(`/v1/bidders/${id}`, { method: "DELETE" });
  if (status !== 204) throw new Error(`the bidder ${id} could not be deleted: ${status}`);
}
