import { cors } from "hono/cors";

/**
 * Pages of these origins may call the API from a browser, with a key of their own: no cookie comes along, since
 * credentials are not allowed. "*": any page's.
 */
export const otherPages = (origins: readonly string[]) =>
  cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST", "PUT", "DELETE"],
    exposeHeaders: [
      "Atomic-Job-Id",
      "Atomic-Reused",
      "Location",
      "Mcp-Session-Id",
      "Request-Id",
      "Retry-After",
      "X-Request-Id",
      "X-Should-Retry",
    ],
    maxAge: 600,
  });

/** Origins of a comma-separated list, as browsers send them; what is no origin is left out. */
export function originsIn(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((text) => text.trim().replace(/\/$/, ""))
    .filter((text) => text === "*" || /^https?:\/\/[^/\s*]+$/i.test(text))
    .map((text) => text.toLowerCase());
}
