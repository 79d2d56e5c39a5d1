import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { startServer } from "../../scripts/server.ts";
import type { LocalWorker } from "../../scripts/workerd.ts";

let server: LocalWorker | null = null;
const persistTo = mkdtempSync(join(tmpdir(), "atomic-server-"));
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  rmSync(persistTo, { recursive: true, force: true });
});

/** The status of an answer; unlike `fetch`, with any Host. */
const status = (path: string, headers: Record<string, string> = {}, body?: string): Promise<number | undefined> =>
  new Promise((done, failed) => {
    const asked = request(`${server?.url}${path}`, { method: body === undefined ? "GET" : "POST", headers });
    asked.on("response", (response) => {
      response.resume();
      done(response.statusCode);
    });
    asked.on("error", failed).end(body);
  });
const mail = "From: a@example.com\r\nTo: b@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: x\r\n\r\nx\r\n";

it("starts with an operator's key in the shell, as it is written there, and then nothing is open without it", async () => {
  const key = `an-operator's-key-of"this"\\test$HOME#1`;
  vi.stubEnv("ATOMIC_API_KEY", key);
  server = await startServer({ persistTo });
  const shown = (one: string) => status("/v1/bidders", { authorization: `Bearer ${one}` });
  expect([await status("/v1/bidders"), await shown("another"), await shown(key)]).toEqual([401, 401, 200]);
  for (const path of ["/cdn-cgi/handler/email?from=a@example.com&to=b@example.com", "/cdn-cgi/mf/scheduled"])
    expect([path, await status(path, {}, mail)]).toEqual([path, 401]);
}, 90_000);

it("is open without a key to this machine's own names alone, whatever a request says of its host", async () => {
  vi.stubEnv("ATOMIC_API_KEY", "");
  server = await startServer({ persistTo });
  const { port } = new URL(server.url);
  const own = { Host: `localhost:${port}` };
  const foreign = { Host: `evil.example:${port}` };
  expect([await status("/", own), await status("/v1/jobs", own), await status("/v1/jobs")]).toEqual([200, 200, 200]);
  expect(await status("/v1/jobs", foreign)).toBe(403);
  for (const header of ["MF-Original-URL", "MF-Op-Original-URL", "X-Forwarded-Host", "Forwarded"])
    expect(await status("/v1/jobs", { ...foreign, [header]: `${server.url}/v1/jobs` })).toBe(403);
  for (const path of ["/cdn-cgi/handler/email?from=a@example.com&to=b@example.com", "/cdn-cgi/mf/scheduled"])
    expect(await status(path, own, mail)).toBe(404);
}, 90_000);

it("npm start has a folder of its own where it is told one, and says so where another server uses it", async () => {
  vi.stubEnv("ATOMIC_API_KEY", "");
  server = await startServer({ persistTo });
  const args = ["scripts/start.ts", "--port", "0", "--data", persistTo];
  const second = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  expect([second.status, second.stderr]).toEqual([1, expect.stringContaining(`Another server uses ${persistTo}.`)]);
  expect(second.stderr).toContain("--data DIR");
}, 90_000);

it("does not start with a model server that it could not use, and says why", async () => {
  vi.stubEnv("ATOMIC_LLM_URL", "http://llm.example.com/v1");
  vi.stubEnv("ATOMIC_LLM_MODEL", "a");
  await expect(startServer({ persistTo })).rejects.toThrow("must be https");
});
