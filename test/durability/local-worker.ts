import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { freePort } from "../../scripts/server.ts";

const root = resolve(import.meta.dirname, "../..");

/** The Worker as one file, as it would be deployed. `config`: another wrangler.toml than the project's. */
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
  writeFileSync(join(folder, optionsFile), JSON.stringify({ workerOptions, entry }));
  return folder;
}

/** What wrangler.toml says, beside the bundle: reading it takes longer than starting workerd. */
export const optionsFile = "options.json";
export interface BundleOptions {
  workerOptions: {
    name?: string;
    bindings?: Record<string, string>;
    d1Databases?: Record<string, unknown>;
    assets?: unknown;
  };
  entry: string;
}

export interface LocalWorker {
  url: string;
  pid: number;
  /** Lines of its console so far. */
  lines: string[];
  /** When it answered first, epoch ms. */
  readyAtMs: number;
  /** SIGKILL to the whole process group: nothing is flushed, nothing is said. */
  kill(): Promise<void>;
}

export interface WorkerOptions {
  bundle: string;
  persistTo: string;
  port?: number;
  vars?: Record<string, string>;
  /** false: without static pages. Miniflare puts a router of its own, a Worker in JavaScript, before one that has some. */
  pages?: boolean;
}

/** Starts the bundle in workerd with its state in a folder; much faster than a development server, and the same workerd. */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
  const port = options.port ?? (await freePort());
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, "worker-main.ts"), JSON.stringify({ ...options, port, root })],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true, env: process.env },
  );
  const lines: string[] = [];
  const take = (chunk: Buffer) => void lines.push(...chunk.toString().split("\n").filter(Boolean));
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const pid = child.pid ?? 0;
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const kill = async () => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Gone already.
    }
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => null);
    await answer?.body?.cancel();
    if (answer !== null && lines.some((line) => line.startsWith("ready")))
      return { url, pid, lines, readyAtMs: Date.now(), kill };
    await new Promise((done) => setTimeout(done, 25));
  }
  await kill();
  throw new Error(`The Worker did not start:\n${lines.slice(-20).join("\n")}`);
}
