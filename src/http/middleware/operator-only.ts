import { createMiddleware } from "hono/factory";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";

/** Lets only the operator's key pass. */
export const operatorOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (c.get("caller").role !== "operator")
    throw new AtomicError("forbidden", "This needs the operator's key (ATOMIC_API_KEY).");
  await next();
});
