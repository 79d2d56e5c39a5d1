import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { requireWrite } from "../require-write.ts";

const looks = ["GET", "HEAD"];
/** A preview runs nothing; tools that change something ask for themselves. */
const open = ["/v1/auctions/preview", "/mcp"];

/** A key that may only look gets no further where something could be changed: closed unless it is known to be harmless. */
export const withinScope = createMiddleware<AppEnv>(async (c, next) => {
  if (!looks.includes(c.req.method) && !open.includes(c.req.path)) requireWrite(c.get("caller"));
  await next();
});
