/** `npm run deploy`, after `npx wrangler login`: the queues that deploy cannot make by itself, the Worker, its tables. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argumentsOf } from "./arguments.ts";
import { root } from "./machine.ts";

argumentsOf(
  `npm run deploy

Makes the queues that wrangler.toml names, the database's tables, and deploys the Worker, in the account that npx wrangler login
(or CLOUDFLARE_API_TOKEN) gives. Then: npx wrangler secret put ATOMIC_API_KEY. To look without deploying: npm run dry-run.`,
  {},
);

const migrate = ["d1", "migrations", "apply", "DB", "--remote"];
const config = readFileSync(join(root, "wrangler.toml"), "utf8");
const queues = new Set([...config.matchAll(/^(?:queue|dead_letter_queue) = "([^"]+)"/gm)].map((m) => m[1] ?? ""));

for (const queue of queues) {
  const made = spawnSync("wrangler", ["queues", "create", queue], { cwd: root, encoding: "utf8" });
  const said = `${made.stdout}${made.stderr}`;
  if (made.status !== 0 && !/already (exists|taken)/i.test(said))
    fail(`The queue ${queue} could not be made:\n${said}`);
}
// Migrations only add, so the Worker of before runs on: the one of now needs what it will read. The first time there is no database yet.
const migrated = spawnSync("wrangler", migrate, { cwd: root, encoding: "utf8" }).status === 0;
if (wrangler("deploy") !== 0) fail("wrangler deploy failed; the lines above say why.");
if (!migrated && wrangler(...migrate) !== 0) fail("The tables could not be made; run npm run deploy again.");
console.log("\nDeployed. If it answers 503, set the operator's key: npx wrangler secret put ATOMIC_API_KEY");

function wrangler(...args: string[]): number {
  return spawnSync("wrangler", args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

function fail(message: string): never {
  console.error(`atomic: ${message}`);
  process.exit(1);
}
