import type { Hono } from "hono";
import { AtomicError } from "../../error.ts";
import { jobKinds, type Kind } from "../../plan/kind.ts";
import type { AppEnv } from "../app-env.ts";
import type { HttpPorts } from "../ports.ts";

function kindOf(text: string | undefined): Kind | undefined {
  const kind = jobKinds.find((one) => one === text);
  if (kind !== undefined || text === undefined) return kind;
  throw new AtomicError("invalid-request", `"kind" must be one of ${jobKinds.join(", ")}.`, { field: "kind" });
}

/** Accepted answers that the caller's jobs asked to keep: shown, and forgotten, by the tenant they are of. */
export function exampleRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/v1/examples", async (c) => {
    const kind = kindOf(c.req.query("kind"));
    const kept = await ports.examples.list(c.get("caller"));
    return c.json({ examples: kept.filter((one) => kind === undefined || one.kind === kind) }, 200, {
      "cache-control": "no-store",
    });
  });

  app.delete("/v1/examples", async (c) => {
    const kind = kindOf(c.req.query("kind"));
    const job = c.req.query("job");
    return c.json({ forgotten: await ports.examples.forget(c.get("caller"), { kind, job }) });
  });
}
