import type { Hono } from "hono";
import { AtomicError } from "../../error.ts";
import { jobKinds, type Kind } from "../../plan/kind.ts";
import type { AppEnv } from "../app-env.ts";
import type { Caller, HttpPorts } from "../ports.ts";

function kindOf(text: string | undefined): Kind | undefined {
  const kind = jobKinds.find((one) => one === text);
  if (kind !== undefined || text === undefined) return kind;
  throw new AtomicError("invalid-request", `"kind" must be one of ${jobKinds.join(", ")}.`, { field: "kind" });
}

/** The id that a job's examples are kept by: of two secrets that sign, the one of then. One that is gone has no other. */
async function knownAs(ports: HttpPorts, caller: Caller, id: string | undefined): Promise<string | undefined> {
  if (id === undefined || id.length > 200) return id;
  const handle = await ports.jobs.open(caller, id);
  const summary = await handle?.summary().catch(() => null);
  return summary?.id ?? id;
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
    const caller = c.get("caller");
    const job = await knownAs(ports, caller, c.req.query("job"));
    return c.json({ forgotten: await ports.examples.forget(caller, { kind, job }) });
  });
}
