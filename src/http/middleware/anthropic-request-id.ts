import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { dialectOf } from "../error-response.ts";

/** Anthropic's clients read a request's id under a name of their own. */
export const anthropicRequestId = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (dialectOf(c) === "anthropic") c.header("request-id", c.get("requestId"));
});
