import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { operations } from "../openapi/operations.ts";

/** Query parameters of native routes, by method and path as the document has them. OpenAI's and Anthropic's routes take any. */
const known = new Map(
  operations
    .filter(({ tag }) => tag !== "openai" && tag !== "anthropic")
    .map(({ method, path, query }) => [`${method} ${path}`, Object.keys(query ?? {})]),
);

/** A misspelt query parameter is refused like a misspelt field: "wiat=true" would not wait. */
export const knownQueryOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.url.includes("?")) {
    const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL");
    const names = route && known.get(`${route.method.toLowerCase()} ${documented(route.path)}`);
    const wrong = names && Object.keys(c.req.query()).find((name) => !names.includes(name));
    if (wrong !== undefined) {
      const takes = names?.length ? `It takes ${names.join(", ")}.` : "It takes none.";
      const field = wrong.slice(0, 100);
      throw new AtomicError("invalid-request", `Unknown query parameter "${field}". ${takes}`, { field });
    }
  }
  await next();
});

/** A route's path as the document has it: parameters in braces, colons unescaped. */
const documented = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}").replaceAll("%3A", ":");
