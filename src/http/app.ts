import { type Context, Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { getPath } from "hono/utils/url";
import { AtomicError } from "../error.ts";
import { messagesRoutes } from "./anthropic/messages.ts";
import type { AppEnv } from "./app-env.ts";
import { errorResponse } from "./error-response.ts";
import { mcpRoute } from "./mcp/mcp.ts";
import { anthropicRequestId } from "./middleware/anthropic-request-id.ts";
import { authenticate } from "./middleware/authenticate.ts";
import { knownQueryOnly } from "./middleware/known-query-only.ts";
import { otherPages } from "./middleware/other-pages.ts";
import { ownPagesOnly } from "./middleware/own-pages-only.ts";
import { pageHeaders } from "./middleware/page-headers.ts";
import { uncached } from "./middleware/uncached.ts";
import { withinScope } from "./middleware/within-scope.ts";
import { approvalRoute } from "./native/approvals.ts";
import { batchRoute } from "./native/batch.ts";
import { bidderRoutes } from "./native/bidders.ts";
import { eventsRoute } from "./native/events.ts";
import { exampleRoutes } from "./native/examples.ts";
import { feedbackRoute } from "./native/feedback.ts";
import { jobRoutes } from "./native/jobs.ts";
import { keyRoutes } from "./native/keys.ts";
import { marketRoute } from "./native/market.ts";
import { metricsRoute } from "./native/metrics.ts";
import { moneyRoutes } from "./native/money.ts";
import { previewRoute } from "./native/preview.ts";
import { rulesRoutes } from "./native/rules.ts";
import { seedRoute } from "./native/seed.ts";
import { submitRoute } from "./native/submit.ts";
import { usageRoute } from "./native/usage.ts";
import { chatRoute } from "./openai/chat.ts";
import { modelRoutes } from "./openai/models.ts";
import { responsesRoutes } from "./openai/responses.ts";
import { openapiDocument } from "./openapi/document.ts";
import { type Assets, serveAsset } from "./pages/assets.ts";
import { loginRoutes } from "./pages/login.ts";
import type { HttpPorts } from "./ports.ts";

export interface AppOptions {
  /** Static pages; absent: only the API is served. */
  assets?: Assets;
  /** Whose pages may call the API from a browser; default: this server's own alone. */
  origins?: readonly string[];
  /** Told of what should not happen, without the request's content. */
  unexpected?: (error: unknown, requestId: string) => void;
}

/** A colon within a segment would begin a parameter: routes and paths write it escaped. */
const routedPath = (request: Request): string => getPath(request).replaceAll(":", "%3A");
const askedPath = (c: Context): string => c.req.path.replaceAll("%3A", ":");

/**
 * The whole HTTP face: thin translators between dialects and ports. Everything but the sign-in form needs a key. Made
 * once an isolate, not for each request.
 */
export function createApp(ports: HttpPorts, options: AppOptions = {}): Hono<AppEnv> {
  const { assets, origins = [] } = options;
  const app = new Hono<AppEnv>({ router: new RegExpRouter(), getPath: routedPath });

  app.use(requestId({ generator: () => ports.newRequestId() }));
  app.use(async (c, next) => {
    c.set("report", (error) => options.unexpected?.(error, c.get("requestId")));
    await next();
  });
  app.use(pageHeaders);
  app.use(uncached);
  app.use(anthropicRequestId);
  if (origins.length > 0) for (const path of ["/v1/*", "/mcp"]) app.use(path, otherPages(origins));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const message = `${askedPath(c)} takes ${methods.join(", ")}, not ${c.req.method}.`;
        const response = errorResponse(c, new AtomicError("method-not-allowed", message));
        response.headers.set("allow", methods.join(", "));
        return response;
      },
    }),
  );
  loginRoutes(app, ports);
  if (assets !== undefined) app.get("/style.css", (c) => serveAsset(c, assets));

  app.use(authenticate(ports));
  app.use(ownPagesOnly);
  app.use(withinScope);
  app.use(knownQueryOnly);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  let document: object | null = null;
  app.get("/openapi.json", (c) => {
    document ??= openapiDocument(ports.market.bidderBody);
    return c.json(document);
  });
  submitRoute(app, ports);
  batchRoute(app, ports);
  jobRoutes(app, ports);
  eventsRoute(app, ports);
  feedbackRoute(app, ports);
  usageRoute(app, ports);
  previewRoute(app, ports);
  bidderRoutes(app, ports);
  marketRoute(app, ports);
  metricsRoute(app, ports);
  keyRoutes(app, ports);
  moneyRoutes(app, ports);
  rulesRoutes(app, ports);
  approvalRoute(app, ports);
  seedRoute(app, ports);
  exampleRoutes(app, ports);
  chatRoute(app, ports);
  modelRoutes(app, ports);
  responsesRoutes(app, ports);
  messagesRoutes(app, ports);
  mcpRoute(app, ports);

  app.notFound(async (c) => {
    const isPage = ["GET", "HEAD"].includes(c.req.method) && !c.req.path.startsWith("/v1/");
    const page = isPage && assets !== undefined ? await serveAsset(c, assets) : null;
    if (page !== null && page.status !== 404) return page;
    return errorResponse(
      c,
      new AtomicError(
        "not-found",
        `There is nothing at ${c.req.method} ${askedPath(c).slice(0, 200)}. GET /openapi.json has the routes, docs/api.md what they are for.`,
      ),
    );
  });

  app.onError((thrown, c) => {
    const error = AtomicError.across(thrown);
    if (error === null) {
      c.get("report")(thrown);
      const message = `Something went wrong inside Atomic. Try again; if it stays, report request ${c.get("requestId")}.`;
      return errorResponse(c, new AtomicError("internal", message));
    }
    const wantsPage =
      c.req.method === "GET" && !c.req.path.startsWith("/v1/") && c.req.header("accept")?.includes("text/html");
    if (error.code === "unauthorized" && wantsPage) {
      const { pathname, search } = new URL(c.req.url);
      return c.redirect(`/login?next=${encodeURIComponent(pathname + search)}`, 303);
    }
    return errorResponse(c, error);
  });
  return app;
}
