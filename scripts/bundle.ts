import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "./machine.ts";

/** What wrangler.toml says, beside the bundle: reading it takes longer than starting workerd. */
export const optionsFile = "options.json";
/** What of Miniflare's options for a Worker is looked at here, and the name of its main module. */
export interface BundleOptions {
  workerOptions: {
    name?: string;
    compatibilityDate?: string;
    d1Databases?: Record<string, unknown>;
    durableObjects?: Record<string, { className: string; useSQLite: boolean }>;
    assets?: unknown;
    ai?: unknown;
  };
  entry: string;
}

/** The Worker as one file, as it would be deployed, in a new folder. `config`: another wrangler.toml than the project's. */
export async function bundleWorker(config = "wrangler.toml"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "atomic-bundle-"));
  const built = spawnSync("wrangler", ["deploy", "--dry-run", "--config", config, "--outdir", folder], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, CI: "1" },
  });
  if (built.status !== 0) throw new Error(`The Worker could not be built:\n${built.stdout}\n${built.stderr}`);
  const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
  const { workerOptions, main = "" } = unstable_getMiniflareWorkerOptions(join(root, config));
  const entry = basename(main).replace(/\.ts$/, ".js");
  // wrangler.toml has no variables: what stands here is .dev.vars, secrets of development.
  const options = { workerOptions: { ...workerOptions, bindings: {} }, entry };
  writeFileSync(join(folder, optionsFile), JSON.stringify(options));
  return folder;
}
