/** A process of its own around one workerd, so that both can be killed together. Started by local-worker.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { type BundleOptions, optionsFile, type WorkerOptions } from "./local-worker.ts";

const given = JSON.parse(process.argv[2] ?? "{}") as WorkerOptions & { port: number; root: string };
const { workerOptions, entry } = JSON.parse(readFileSync(join(given.bundle, optionsFile), "utf8")) as BundleOptions;
if (given.pages === false) delete workerOptions.assets;
const modules = [entry, ...readdirSync(given.bundle).filter((name) => name.endsWith(".wasm"))];

const worker = {
  ...workerOptions,
  name: workerOptions.name ?? "atomic",
  bindings: { ...workerOptions.bindings, ...given.vars },
  modules: modules.map((name) =>
    name.endsWith(".wasm")
      ? { type: "CompiledWasm" as const, path: name, contents: readFileSync(join(given.bundle, name)) }
      : { type: "ESModule" as const, path: name, contents: readFileSync(join(given.bundle, name), "utf8") },
  ),
};
type V4 = Parameters<typeof convertV4MiniflareOptions>[0];
const options = {
  workers: [worker],
  host: "127.0.0.1",
  port: given.port,
  cf: false,
  resourcePersistencePath: given.persistTo,
};
const miniflare = new Miniflare(convertV4MiniflareOptions(options as unknown as V4));
await miniflare.ready;
if (workerOptions.d1Databases !== undefined && Object.keys(workerOptions.d1Databases).length > 0)
  await migrate((await miniflare.getD1Database("DB")) as unknown as Database);
console.log(`ready on ${given.port}`);

interface Database {
  prepare(sql: string): { all(): Promise<{ results: unknown[] }>; run(): Promise<unknown> };
}

/** The project's own migrations, once. */
async function migrate(db: Database): Promise<void> {
  const folder = join(given.root, "migrations");
  await db.prepare("CREATE TABLE IF NOT EXISTS d1_migrations (name TEXT PRIMARY KEY)").run();
  const done = new Set(
    (await db.prepare("SELECT name FROM d1_migrations").all()).results.map((r) => (r as { name: string }).name),
  );
  for (const name of readdirSync(folder)
    .filter((n) => n.endsWith(".sql"))
    .sort()) {
    if (done.has(name)) continue;
    for (const statement of readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint"))
      if (statement.trim() !== "") await db.prepare(statement).run();
    await db.prepare(`INSERT INTO d1_migrations (name) VALUES ('${name}')`).run();
  }
}
