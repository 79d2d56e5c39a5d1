/** A process of its own around one workerd, so that both can be killed together. Started by workerd.ts. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { type BundleOptions, optionsFile } from "./bundle.ts";
import { folderFault, lockFolder } from "./data-folder.ts";
import { root } from "./machine.ts";
import type { WorkerdOptions } from "./workerd.ts";

/** The platform's own timer of wrangler.toml, which a Worker on one machine does not have. */
const tidyEveryMs = 3_600_000;

// Texts of jobs are nobody else's on this machine.
process.umask(0o077);
const input = createInterface({ input: process.stdin });
const given = await new Promise<WorkerdOptions & { host: string; port: number }>((done) =>
  input.once("line", (line) => done(JSON.parse(line))),
);
const lock = await usingFolder(() => lockFolder(given.persistTo));
let miniflare: Miniflare | null = null;
let ending = false;
const end = async () => {
  if (ending) return;
  ending = true;
  await miniflare?.dispose().catch(() => {});
  lock.close();
  process.exit(0);
};
// Who started this ended it, or is gone.
input.once("close", end);
process.on("SIGTERM", end).on("SIGINT", end);
const { workerOptions, entry } = JSON.parse(readFileSync(join(given.bundle, optionsFile), "utf8")) as BundleOptions;
if (given.pages === false) delete workerOptions.assets;
// Of the platform alone; nothing here could answer for it.
delete workerOptions.ai;
const modules = [entry, ...readdirSync(given.bundle).filter((name) => name.endsWith(".wasm"))];

const worker = {
  ...workerOptions,
  name: workerOptions.name ?? "atomic",
  bindings: given.vars ?? {},
  durableObjects: {
    ...workerOptions.durableObjects,
    ...(given.durableSettlement ? { SETTLER: { className: "SettlerObject", useSQLite: true } } : {}),
  },
  ...(given.egress === undefined ? {} : { outboundService: { name: "egress", entrypoint: "Outbound" } }),
  ...(given.direct ? { unsafeDirectSockets: [{ host: given.host, port: given.port }] } : {}),
  modules: modules.map((name) =>
    name.endsWith(".wasm")
      ? { type: "CompiledWasm" as const, path: name, contents: readFileSync(join(given.bundle, name)) }
      : { type: "ESModule" as const, path: name, contents: readFileSync(join(given.bundle, name), "utf8") },
  ),
};
const egress = {
  name: "egress",
  compatibilityDate: workerOptions.compatibilityDate,
  bindings: { HOSTS: given.egress },
  modules: [
    {
      type: "ESModule" as const,
      path: "egress.mjs",
      contents: readFileSync(join(import.meta.dirname, "egress.mjs"), "utf8"),
    },
  ],
};
type V4 = Parameters<typeof convertV4MiniflareOptions>[0];
const shared = { cf: false, resourcePersistencePath: given.persistTo };
const hasDatabase = Object.keys(workerOptions.d1Databases ?? {}).length > 0;
// Before there is a door: what came in meanwhile would find no tables.
if (hasDatabase) await usingFolder(migrateAlone);

const options = {
  workers: given.egress === undefined ? [worker] : [worker, egress],
  // Miniflare's own door believes headers of clients (MF-Original-URL): a direct one has it where no client looks.
  ...(given.direct ? { host: hiddenHost(), port: 0 } : { host: given.host, port: given.port }),
  ...shared,
};
const started = new Miniflare(convertV4MiniflareOptions(options as unknown as V4));
miniflare = started;
await usingFolder(() => started.ready);
if (hasDatabase) setInterval(tidy, tidyEveryMs);
console.log(`ready on ${given.port}`);

/** One of the sixteen million addresses that Linux has for this machine alone; elsewhere there is one. */
function hiddenHost(): string {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.${Array.from(randomBytes(3), (byte) => 1 + (byte % 254)).join(".")}`;
}

async function migrateAlone(): Promise<void> {
  const { compatibilityDate, d1Databases } = workerOptions;
  const nothing = { modules: true, script: "export default {};", compatibilityDate, d1Databases };
  const alone = new Miniflare(
    convertV4MiniflareOptions({ workers: [{ name: worker.name, ...nothing }], port: 0, ...shared } as unknown as V4),
  );
  try {
    await migrate((await alone.getD1Database("DB")) as unknown as Database);
  } finally {
    await alone.dispose();
  }
}

async function tidy(): Promise<void> {
  try {
    await (await started.getWorker()).scheduled({});
  } catch (error) {
    console.error(JSON.stringify({ event: "tidying-failed", error: error instanceof Error ? error.name : "error" }));
  }
}

/** What an operator can put right is told in a line, and ends this with 2. */
async function usingFolder<T>(use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const fault = folderFault(given.persistTo, error);
    if (fault === null) throw error;
    console.error(fault);
    process.exit(2);
  }
}

interface Statement {
  all(): Promise<{ results: unknown[] }>;
  run(): Promise<unknown>;
}
interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

/** The project's own migrations, once; in the table that `wrangler d1 migrations` keeps. */
async function migrate(db: Database): Promise<void> {
  const folder = join(root, "migrations");
  await db
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const done = new Set(
    (await db.prepare("SELECT name FROM d1_migrations").all()).results.map((r) => (r as { name: string }).name),
  );
  for (const name of readdirSync(folder)
    .filter((n) => n.endsWith(".sql"))
    .sort()) {
    if (done.has(name)) continue;
    // One transaction: a migration that was cut in two could never be run again.
    const statements = readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint");
    await db.batch(
      [...statements.filter((one) => one.trim() !== ""), `INSERT INTO d1_migrations (name) VALUES ('${name}')`].map(
        (one) => db.prepare(one),
      ),
    );
  }
}
