import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Pre-bundled once for the Worker tests: without it every file transforms them again. */
const heavy = [
  "@ai-sdk/anthropic",
  "@ai-sdk/google",
  "@ai-sdk/openai",
  "@cfworker/json-schema",
  "acorn",
  "ai",
  "drizzle-orm",
  "drizzle-orm/d1",
  "drizzle-orm/sqlite-core",
  "hono",
  // Shares a symbol with it: two copies would not know each other.
  "hono/route",
  "htmlparser2",
  "jsonrepair",
  "postal-mime",
  "re2js",
  "workers-ai-provider",
  "zod",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/workers/**", "**/node_modules/**"],
          environment: "node",
          // The default is one less than there are processors, which is one where there are two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Machines are slow under load; a test that hangs still ends.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            remoteBindings: false,
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                MIGRATIONS: await readD1Migrations("./migrations"),
                ATOMIC_API_KEY: "operator-key-of-the-tests",
                ATOMIC_SIM: "1",
                ATOMIC_ALLOW_LOOPBACK: "1",
                ATOMIC_JUDGE_AUDIT_SHARE: "1",
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["./test/workers/setup.ts"],
          globalSetup: ["./test/workers/provider.ts"],
          isolate: false,
          maxWorkers: 2,
          testTimeout: 30_000,
          deps: { optimizer: { ssr: { enabled: true, include: heavy } } },
        },
      },
    ],
  },
});
