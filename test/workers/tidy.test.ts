import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { AtomicEnv } from "../../src/env.ts";
import worker from "../../src/worker.ts";

const run = (own: AtomicEnv) => worker.scheduled(createScheduledController(), own);

it("tidies every hour, and a run that failed says which table, and no more", async () => {
  await run(env as unknown as AtomicEnv);
  const broken = {
    prepare() {
      throw new Error("D1_ERROR: it quotes a statement");
    },
  };
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const failed = run({ ...env, DB: broken } as unknown as AtomicEnv);
  await expect(failed).rejects.toMatchObject({ code: "internal" });
  const lines = said.mock.calls.map(([line]) => JSON.parse(String(line)) as object);
  said.mockRestore();
  expect(lines).toEqual([
    { event: "tidying-failed", step: "settled", error: expect.any(String) },
    { event: "tidying-failed", step: "jobs", error: expect.any(String) },
  ]);
  expect(JSON.stringify(lines)).not.toContain("quotes");
});
