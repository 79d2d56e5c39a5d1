import { describe, expect, it } from "vitest";
import { operatorKey, testServer } from "./memory-ports.ts";

const assets = async (request: Request) => {
  const { pathname } = new URL(request.url);
  return pathname === "/index.html" || pathname === "/style.css" || pathname === "/job.html"
    ? new Response(`asset ${pathname}`, { headers: { "content-type": "text/html" } })
    : new Response("none", { status: 404 });
};
const page = { accept: "text/html,*/*" };
const form = { "content-type": "application/x-www-form-urlencoded" };

async function signIn(server: ReturnType<typeof testServer>, key: string, next = "/job.html?id=1") {
  const body = new URLSearchParams({ key, next }).toString();
  return server.ask("/login", {
    body,
    key: null,
    headers: { ...form, "content-length": String(body.length), origin: "http://localhost" },
  });
}

describe("without a key", () => {
  it.each([
    "/",
    "/job.html",
    "/app.js",
    "/healthz",
    "/v1/jobs",
    "/v1/bidders",
    "/v1/models",
    "/v1/nothing",
    "/nothing",
  ])("%s is closed", async (path) => {
    const server = testServer({ assets });
    const response = await server.ask(path, { key: null });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
    expect(await response.text()).not.toContain("asset");
  });

  it.each(["/", "/healthz", "/v1/jobs", "/v1/models", "/login"])(
    "%s says how to set the operator's key when production has none",
    async (path) => {
      const server = testServer({ assets, operatorKey: null });
      for (const key of [null, "any"]) {
        const response = await server.ask(path, { key, headers: page });
        expect(response.status).toBe(503);
        expect(await response.text()).toContain("npx wrangler secret put ATOMIC_API_KEY");
      }
    },
  );

  it.each(["Basic YTpi", "Bearer", "Bearer a b", "wrong", `Bearer ${operatorKey}x`])(
    "the header %j opens nothing",
    async (authorization) => {
      const server = testServer();
      const response = await server.ask("/v1/jobs", { key: null, headers: { authorization } });
      expect([response.status, (await response.json()).code]).toEqual([401, "unauthorized"]);
    },
  );
});

describe("a browser", () => {
  it("is sent to the sign-in form, gets a cookie no script can read, and comes back", async () => {
    const server = testServer({ assets });
    const sent = await server.ask("/job.html?id=1", { key: null, headers: page });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/login?next=%2Fjob.html%3Fid%3D1"]);
    const login = await server.ask("/login?next=%2Fjob.html%3Fid%3D1", { key: null });
    expect(login.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await login.text()).toContain('name="next" value="/job.html?id=1"');
    expect((await server.ask("/style.css", { key: null })).status).toBe(200);

    const done = await signIn(server, operatorKey);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/job.html?id=1"]);
    const cookie = done.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(operatorKey);
    const session = { cookie: cookie.split(";")[0] ?? "" };
    expect(await (await server.ask("/", { key: null, headers: session })).text()).toBe("asset /index.html");
    expect((await server.ask("/v1/jobs", { key: null, headers: session })).status).toBe(200);
    expect(await (await server.ask("/login", { key: null, headers: session })).text()).toContain('action="/logout"');
    const out = await server.ask("/logout", {
      method: "POST",
      key: null,
      headers: { ...session, origin: "http://localhost" },
    });
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  });

  it("marks the cookie Secure where there is TLS", async () => {
    const server = testServer();
    const body = `key=${operatorKey}`;
    const response = await server.app.request("https://atomic.example/login", {
      method: "POST",
      body,
      headers: { ...form, "content-length": String(body.length) },
    });
    expect(response.headers.get("set-cookie")).toContain("Secure");
  });

  it("is told when the key is wrong, and its words are shown as text", async () => {
    const server = testServer();
    const response = await signIn(server, "wrong", '/"><script>x</script>');
    expect(response.status).toBe(401);
    const text = await response.text();
    expect(text).toContain("not valid");
    expect(text).not.toContain("<script>");
  });

  it.each([
    "//evil.example/x",
    "https://evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "x",
  ])("is never sent on to another site by %j", async (next) => {
    const location = (await signIn(testServer(), operatorKey, next)).headers.get("location") ?? "";
    expect(new URL(location, "http://localhost").origin).toBe("http://localhost");
    expect(location.startsWith("//")).toBe(false);
  });

  it("acts for no other site's page, by cookie or on an open local server", async () => {
    const server = testServer();
    const cookie = ((await signIn(server, operatorKey)).headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const open = testServer({ local: true, operatorKey: null });
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: "http://localhost" },
    ];
    for (const headers of foreign) {
      const byCookie = await server.ask("/v1/jobs", {
        body: { text: "x" },
        key: null,
        headers: { cookie, ...headers },
      });
      expect([byCookie.status, (await byCookie.json()).code]).toEqual([403, "forbidden"]);
      expect((await open.ask("/v1/jobs", { body: { text: "x" }, key: null, headers })).status).toBe(403);
      expect((await signIn(testServer(), operatorKey)).status).toBe(303);
      expect(
        (await server.ask("/login", { body: `key=${operatorKey}`, key: null, headers: { ...form, ...headers } }))
          .status,
      ).toBe(403);
    }
    const own: Record<string, string>[] = [{}, { origin: "http://localhost" }, { "sec-fetch-site": "same-origin" }];
    for (const headers of own) {
      expect(
        (await server.ask("/v1/jobs", { body: { text: "x" }, key: null, headers: { cookie, ...headers } })).status,
      ).toBe(202);
      expect((await open.ask("/v1/jobs", { body: { text: "x" }, key: null, headers })).status).toBe(202);
    }
    expect(
      (await server.ask("/v1/jobs", { body: { text: "x" }, headers: { origin: "https://evil.example" } })).status,
    ).toBe(202);
  });
});

describe("an open local server", () => {
  it("answers to local names only, so that no page can reach it under its own", async () => {
    const server = testServer({ local: true, operatorKey: null });
    for (const host of ["localhost", "127.0.0.1", "[::1]", "atomic.localhost", "192.168.1.5"])
      expect((await server.app.request(`http://${host}:8787/v1/jobs`)).status).toBe(200);
    for (const host of ["rebound.example", "localhost.evil.example", "127.0.0.1.nip.example"]) {
      const response = await server.app.request(`http://${host}:8787/v1/jobs`);
      expect([response.status, (await response.json()).detail]).toEqual([
        403,
        expect.stringContaining("ATOMIC_API_KEY"),
      ]);
    }
  });

  it("does so whatever key is shown: there any will do", async () => {
    const server = testServer({ local: true, operatorKey: null });
    for (const headers of [{ authorization: "Bearer x" }, { "x-api-key": "x" }] as Record<string, string>[]) {
      const asked = (host: string) => server.app.request(`http://${host}:8787/v1/jobs`, { headers });
      expect([(await asked("rebound.example")).status, (await asked("localhost")).status]).toEqual([403, 200]);
    }
    // A key that somebody made is its holder's under any name.
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "a" } })).json();
    const held = await server.app.request("http://atomic.example/v1/jobs", { headers: { "x-api-key": key } });
    expect(held.status).toBe(200);
  });

  it("needs no sign-in", async () => {
    const server = testServer({ local: true, operatorKey: null, assets });
    expect(await (await server.app.request("/")).text()).toBe("asset /index.html");
    expect((await server.app.request("/login")).headers.get("location")).toBe("/");
    expect((await server.ask("/v1/jobs", { key: "sk-anything" })).status).toBe(200);
  });
});

describe("every response", () => {
  it("has headers that keep other sites out, and none that lets them in", async () => {
    const server = testServer({ assets });
    for (const path of ["/", "/v1/jobs", "/v1/nothing", "/login", "/missing.js"]) {
      const { headers } = await server.ask(path, { headers: { origin: "https://evil.example" } });
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
    const own = await server.ask("/healthz", { headers: { "x-request-id": "mine-1" } });
    expect(own.headers.get("x-request-id")).toBe("mine-1");
  });
});

it("what is no page is refused as anything that is not there, whoever asks", async () => {
  const nothing = async () => new Response(null, { status: 404 });
  const server = testServer({ assets: nothing });
  for (const path of ["/favicon.ico", "//v1/jobs", "/nothing"]) {
    const response = await server.ask(path);
    expect([path, response.status, response.headers.get("content-type")]).toEqual([
      path,
      404,
      "application/problem+json",
    ]);
    expect(await response.json()).toMatchObject({ code: "not-found" });
  }
});
