import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";

/**
 * Where a browser is let in without showing a key (cookie, or local development), only this server's own pages may
 * act: another site's request is refused, and so is a local one under a foreign name (DNS rebinding).
 */
export const ownPagesOnly = createMiddleware<AppEnv>(async (c, next) => {
  const proof = c.get("proof");
  // Where any key will do, one proves nothing: a page that reaches this server under its own name can send it too.
  if (c.get("caller").keyId === "local" && !isLocalName(new URL(c.req.url).hostname))
    throw new AtomicError(
      "forbidden",
      "Without a key this server answers only as localhost or by IP address. Set ATOMIC_API_KEY to use another name.",
    );
  if (proof !== "key" && !["GET", "HEAD"].includes(c.req.method) && isForeign(c))
    throw new AtomicError("forbidden", "Another site's page may not do this. Send a key in the Authorization header.");
  await next();
});

/** Browsers name the origin of every request that is not a plain GET; other clients name none. */
export function isForeign(c: Context): boolean {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return origin !== undefined && origin !== new URL(c.req.url).origin;
}

const isLocalName = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
