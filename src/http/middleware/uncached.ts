import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

/** Answers of the API are their caller's: no cache on the way keeps one, and no browser for whoever comes next. */
export const uncached = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (!c.req.path.startsWith("/v1/")) return;
  const said = c.res.headers.get("cache-control");
  if (said === null || said === "no-store") c.header("cache-control", "private, no-store");
});
