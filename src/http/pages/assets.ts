import type { Context } from "hono";
import type { AppEnv } from "../app-env.ts";

/** Where the static pages come from: the platform's asset store. */
export type Assets = (request: Request) => Promise<Response>;

/** Serves a page or its parts. What the store answers is copied, since its headers cannot be changed. */
export async function serveAsset(c: Context<AppEnv>, assets: Assets): Promise<Response> {
  const found = await assets(c.req.raw);
  const response = new Response(found.body, found);
  response.headers.set("cache-control", "no-cache");
  return response;
}
