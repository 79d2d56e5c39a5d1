import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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

const project = "wrangler.toml";
/** What the bundle is made of; of the packages the lock file stands for what is installed. */
const sources = [
  "durable-objects",
  "migrations",
  "package-lock.json",
  "package.json",
  "scripts/bundle.ts",
  "src",
  "tsconfig.base.json",
  "tsconfig.json",
  project,
];
const kept = join(root, ".wrangler", "bundles");

/**
 * The Worker as one file, as it would be deployed, in a new folder. The last one is kept and given again while no source
 * has changed: building takes longer than starting. `config`: another wrangler.toml than the project's, always built.
 */
export async function bundleWorker(config = project): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "atomic-bundle-"));
  const before = config === project ? join(kept, hashOf(root, sources)) : null;
  if (before !== null && existsSync(before))
    try {
      cpSync(before, folder, { recursive: true });
      return folder;
    } catch {
      // Somebody who built from other sources has just put theirs in its place.
    }
  await build(config, folder);
  if (before !== null) keep(folder, before);
  return folder;
}

async function build(config: string, folder: string): Promise<void> {
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
}

/** In the place of all kept before, whole or not at all: others may read it meanwhile. A folder that cannot be written costs speed only. */
function keep(folder: string, as: string): void {
  try {
    mkdirSync(kept, { recursive: true });
    const older = readdirSync(kept);
    const part = mkdtempSync(join(kept, "part-"));
    cpSync(folder, part, { recursive: true });
    renameSync(part, as);
    for (const name of older) rmSync(join(kept, name), { recursive: true, force: true });
  } catch {
    // Two that build the same at once: the other's is as good.
  }
}

/** SHA-256 over the root's path, since options name folders by it, and the paths and bytes of files and folders in it, those that are there. */
export function hashOf(root: string, names: string[]): string {
  const hash = createHash("sha256").update(root);
  const add = (name: string) => {
    const path = join(root, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isDirectory()) for (const child of readdirSync(path).sort()) add(`${name}/${child}`);
    else {
      const bytes = readFileSync(path);
      hash.update(`\n${name} ${bytes.length}\n`).update(bytes);
    }
  };
  for (const name of names) add(name);
  return hash.digest("hex");
}
