import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { operatorKey, testServer } from "../http/memory-ports.ts";
import { serveOnLoopback } from "../http/node-server.ts";

it("npm run keys makes keys with days and for reading alone, and lists what is left of each", async () => {
  const server = testServer();
  server.clock.nowMs = Date.now();
  const { url, close } = await serveOnLoopback((request) => server.app.fetch(request));
  const env = { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_URL: url, ATOMIC_API_KEY: operatorKey };
  const run = async (...words: string[]) =>
    (await promisify(execFile)(process.execPath, ["scripts/keys.ts", ...words], { env })).stdout;
  expect(await run("add", "acme", "--days", "30", "--read-only")).toMatch(
    /^atm_\S+\n\n.* It works until \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)\. Revoke it/,
  );
  expect(await run("add", "plain")).toMatch(/^atm_\S+\n\nThis is the only time it is shown\. Revoke it/);
  server.clock.nowMs -= 40 * 86_400_000;
  await run("add", "past", "--days", "1");
  const list = await run("list");
  expect(list).toMatch(/ acme .* read only {2}until \d{4}-/);
  expect(list).toMatch(/ plain +since [\d: -]+\d\n/);
  expect(list).toMatch(/ past .* expired \d{4}-/);
  await close();
}, 60_000);
