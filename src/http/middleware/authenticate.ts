import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { AtomicError } from "../../error.ts";
import type { AppEnv, Proof } from "../app-env.ts";
import type { Caller, ClientPlace, HttpPorts } from "../ports.ts";

export const sessionCookie = "atomic_session";

export const notConfigured = () =>
  new AtomicError(
    "not-configured",
    "This server has no operator's key, so nothing is open. Set one: npx wrangler secret put ATOMIC_API_KEY",
  );

/** Every route and page behind this needs a key, a signed-in browser, or local development without a key. */
export const authenticate = (ports: HttpPorts) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const [caller, proof] = await identify(c, ports);
    const { cf } = c.req.raw as { cf?: ClientPlace | undefined };
    // Each request has its own: what it made in its own Worker is found by it.
    c.set("caller", { ...caller, ...(cf === undefined ? {} : { place: cf }) });
    c.set("proof", proof);
    await next();
  });

async function identify(c: Context<AppEnv>, ports: HttpPorts): Promise<[Caller, Proof]> {
  const key = keyIn(c);
  if (key !== null) {
    const caller = await ports.access.authenticate(key);
    if (caller === "unset") throw notConfigured();
    if (caller === null)
      throw new AtomicError(
        "unauthorized",
        "This key is not valid, has expired or was revoked. Ask the operator for another.",
      );
    return [caller, "key"];
  }
  const open = await ports.access.authenticate(null);
  if (open === "unset") throw notConfigured();
  if (open !== null) return [open, "open"];
  const token = getCookie(c, sessionCookie);
  const caller = token === undefined || token.length > 2000 ? null : await ports.access.readSession(token);
  if (caller === null)
    throw new AtomicError(
      "unauthorized",
      'A key is needed: send "Authorization: Bearer" and your key, or sign in at /login.',
    );
  return [caller, "cookie"];
}

/** The key that a request shows; null: none. Both headers are such that no foreign page can send one without asking first. */
function keyIn(c: Context): string | null {
  const header = c.req.header("authorization");
  const bare = c.req.header("x-api-key");
  if (header === undefined && bare === undefined) return null;
  const key = header === undefined ? /^(\S{1,500})$/.exec(bare ?? "") : /^Bearer +(\S{1,500}) *$/i.exec(header);
  if (key?.[1] !== undefined) return key[1];
  throw new AtomicError(
    "unauthorized",
    header === undefined
      ? "The x-api-key header must be a key."
      : 'The Authorization header must be "Bearer" and a key.',
  );
}
