import type { Context } from "hono";
import type { StatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../app-env.ts";

/** Where the static pages come from: the platform's asset store. */
export type Assets = (request: Request) => Promise<Response>;

/** Serves a page or its parts, with the headers that every response of this server has. */
export async function serveAsset(c: Context<AppEnv>, assets: Assets): Promise<Response> {
  const url = new URL(c.req.url);
  if (url.pathname === "/") url.pathname = "/index.html";
  // The store needs to know what the browser has already, and nothing else: no key, no cookie.
  const known = c.req.header("if-none-match");
  const found = await assets(
    new Request(url, { method: c.req.method, headers: known === undefined ? {} : { "if-none-match": known } }),
  );
  const headers = { ...Object.fromEntries(found.headers), "cache-control": "no-cache" };
  return c.newResponse(found.body, found.status as StatusCode, headers);
}
