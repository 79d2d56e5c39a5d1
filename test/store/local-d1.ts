import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const migrations = resolve(import.meta.dirname, "../../migrations");

/** A real local D1 (SQLite in workerd) with the migrations applied; in memory unless `directory` says where. */
export async function localD1(directory?: string): Promise<{ d1: D1Database; stop: () => Promise<void> }> {
  const worker = {
    name: "d1",
    modules: true,
    script: "export default { fetch() { return new Response(null); } };",
    compatibilityDate: "2026-10-20",
    d1Databases: { DB: "atomic-test" },
  };
  const persist = directory === undefined ? {} : { resourcePersistencePath: directory };
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker], ...persist }));
  const d1 = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  for (const statement of migrationStatements()) await d1.prepare(statement).run();
  return { d1, stop: () => miniflare.dispose() };
}

export function migrationStatements(): string[] {
  return readdirSync(migrations)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .flatMap((name) => readFileSync(resolve(migrations, name), "utf8").split("--> statement-breakpoint"))
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** By table, the columns that order it wholly. */
const order = {
  jobs: "id",
  usage_months: "tenant, month",
  bidders: "id",
  api_keys: "id",
  market_parts: "part",
  settled: "key",
  examples: "tenant, kind, key",
};
const tables = Object.keys(order) as (keyof typeof order)[];

/** Every row of every table, for comparison. */
export async function dump(d1: D1Database): Promise<Record<keyof typeof order, unknown[]>> {
  const results = await d1.batch<object>(tables.map((t) => d1.prepare(`select * from ${t} order by ${order[t]}`)));
  return Object.fromEntries(tables.map((t, i) => [t, results[i]?.results ?? []])) as Record<
    keyof typeof order,
    unknown[]
  >;
}

export const wipe = async (d1: D1Database): Promise<void> => {
  await d1.batch(tables.map((t) => d1.prepare(`delete from ${t}`)));
};
