import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { type LocalServer, startServer } from "../../scripts/server.ts";

let server: LocalServer | null = null;
const persistTo = mkdtempSync(join(tmpdir(), "atomic-server-"));
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  rmSync(persistTo, { recursive: true, force: true });
});

it("starts with an operator's key in the shell, and then nothing is open without it", async () => {
  vi.stubEnv("ATOMIC_API_KEY", "an-operators-key-of-this-test");
  server = await startServer({ persistTo });
  const status = async (key: string | null) =>
    (await fetch(`${server?.url}/v1/bidders`, key === null ? {} : { headers: { authorization: `Bearer ${key}` } }))
      .status;
  expect([await status(null), await status("another"), await status("an-operators-key-of-this-test")]).toEqual([
    401, 401, 200,
  ]);
}, 90_000);
