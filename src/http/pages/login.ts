import type { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import { AtomicError } from "../../error.ts";
import type { AppEnv } from "../app-env.ts";
import { notConfigured, sessionCookie } from "../middleware/authenticate.ts";
import { isForeign } from "../middleware/own-pages-only.ts";
import type { HttpPorts } from "../ports.ts";

const sessionS = 7 * 24 * 60 * 60;

/** Sign-in for browsers, which cannot send a key: a form that sets a signed cookie no script and no other site can use. */
export function loginRoutes(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/login", async (c) => {
    const open = await ports.access.authenticate(null);
    if (open === "unset") throw notConfigured();
    if (open !== null) return c.redirect("/", 303);
    const token = getCookie(c, sessionCookie);
    const caller = token === undefined || token.length > 2000 ? null : await ports.access.readSession(token);
    const body = caller === null ? form(ownPath(c.req.query("next"), c.req.url), null) : signedIn(caller.tenant);
    return c.html(body, 200, { "cache-control": "no-store" });
  });

  app.post("/login", async (c) => {
    if (isForeign(c)) throw new AtomicError("forbidden", "Sign in on this server's own page: /login.");
    const declared = Number(c.req.header("content-length") ?? Number.NaN);
    if (!(declared <= 10_000)) throw new AtomicError("too-large", "A sign-in is a form of less than 10 KB.");
    const given = await c.req.parseBody().catch((cause: unknown) => {
      throw new AtomicError("invalid-request", "The form cannot be read. Send it again, whole.", { cause });
    });
    const next = ownPath(typeof given.next === "string" ? given.next : undefined, c.req.url);
    const key = typeof given.key === "string" ? given.key.trim() : "";
    const token = key === "" || key.length > 500 ? null : await ports.access.signIn(key);
    if (token === null)
      return c.html(form(next, "This key is not valid, has expired or was revoked."), 401, {
        "cache-control": "no-store",
      });
    setCookie(c, sessionCookie, token, {
      path: "/",
      httpOnly: true,
      sameSite: "Strict",
      // Behind a proxy that ends TLS. Who makes the header up only keeps the cookie from himself.
      secure: new URL(c.req.url).protocol === "https:" || c.req.header("x-forwarded-proto") === "https",
      maxAge: sessionS,
    });
    return c.redirect(next, 303);
  });

  app.post("/logout", (c) => {
    if (isForeign(c)) throw new AtomicError("forbidden", "Sign out on this server's own page.");
    deleteCookie(c, sessionCookie, { path: "/" });
    return c.redirect("/login", 303);
  });
}

/** A path of this server, whatever was asked: an open redirect helps phishers. */
function ownPath(next: string | undefined, url: string): string {
  if (next === undefined || next.length > 500 || !next.startsWith("/")) return "/";
  const target = URL.canParse(next, url) ? new URL(next, url) : null;
  return target !== null && target.origin === new URL(url).origin && !target.pathname.startsWith("//")
    ? `${target.pathname}${target.search}`
    : "/";
}

const page = (content: ReturnType<typeof html>) => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Sign in - Atomic</title>
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <main class="narrow">
      <h1>Atomic</h1>
      ${content}
    </main>
  </body>
</html>`;

const form = (next: string, fault: string | null) =>
  page(html`${fault === null ? "" : html`<p role="alert" class="fault">${fault}</p>`}
      <form method="post" action="/login">
        <input type="hidden" name="next" value="${next}" />
        <label for="key">Your key</label>
        <input id="key" name="key" type="password" autocomplete="current-password" required autofocus />
        <button type="submit">Sign in</button>
      </form>
      <p class="quiet">The operator's key is the secret ATOMIC_API_KEY; others begin with atm_.</p>`);

const signedIn = (tenant: string) =>
  page(html`<p>You are signed in as ${tenant}. <a href="/">Jobs</a></p>
      <form method="post" action="/logout"><button type="submit">Sign out</button></form>`);
