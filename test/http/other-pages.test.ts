import { expect, it } from "vitest";
import { originsIn } from "../../src/http/middleware/other-pages.ts";
import { testServer } from "./memory-ports.ts";

const app = "https://app.example.com";
const preflight = {
  method: "OPTIONS",
  key: null,
  headers: {
    origin: app,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-stainless-lang",
  },
};
const body = { model: "atomic", messages: [{ role: "user", content: "Hi" }] };

it("pages of the origins an operator names may call the API with a key, and read what it says of a refusal", async () => {
  const server = testServer({ origins: [app] });
  const asked = await server.ask("/v1/chat/completions", preflight);
  expect(asked.status).toBe(204);
  expect(asked.headers.get("access-control-allow-origin")).toBe(app);
  expect(asked.headers.get("access-control-allow-headers")).toContain("x-stainless-lang");
  // A session's cookie is this server's own pages' alone.
  expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
  const answered = await server.ask("/v1/chat/completions", { body, headers: { origin: app } });
  expect([answered.status, answered.headers.get("access-control-allow-origin")]).toEqual([200, app]);
  const refused = await server.ask("/v1/jobs", { key: null, headers: { origin: app } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, app]);
  expect(refused.headers.get("access-control-expose-headers")).toContain("Retry-After");
});

it("nobody else's pages, nor other routes, nor any where nothing is named", async () => {
  const foreign = { ...preflight, headers: { ...preflight.headers, origin: "https://evil.example" } };
  const named = testServer({ origins: [app] });
  const open = (response: Response) => response.headers.get("access-control-allow-origin");
  expect(open(await named.ask("/v1/jobs", foreign))).toBeNull();
  expect(open(await named.ask("/openapi.json", { headers: { origin: app } }))).toBeNull();
  const closed = testServer();
  const asked = await closed.ask("/v1/jobs", preflight);
  expect([asked.status < 300, open(asked)]).toEqual([false, null]);
});

it("origins are read as browsers send them", () => {
  expect(originsIn(undefined)).toEqual([]);
  expect(originsIn(" https://App.example.com/ ,http://localhost:3000,app.example.com,https://*.example,*, ")).toEqual([
    "https://app.example.com",
    "http://localhost:3000",
    "*",
  ]);
});
