import type { Context } from "hono";
import type { StatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../app-env.ts";

/** Where the static pages come from: the platform's asset store. */
export type Assets = (request: Request) => Promise<Response>;

/** Serves a page or its parts, with the headers that every response of this server has. */
export async function serveAsset(c: Context<AppEnv>, assets: Assets): Promise<Response> {
  const found = await assets(c.req.raw);
  const headers = { ...Object.fromEntries(found.headers), "cache-control": "no-cache" };
  return c.newResponse(found.body, found.status as StatusCode, headers);
}
