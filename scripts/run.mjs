// The launcher behind every npm script. Plain Node >= 18, no dependencies: installs what the lock file names when it
// changed, finds a Node >= 22 for the tools (node_modules brings one on Linux), then runs the steps of a task.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [task, ...rest] = process.argv.slice(2);

/** Steps of each task; `args` passes what stands behind `--` on to the last step. */
const tasks = {
  demo: { steps: ["node scripts/demo.ts"], args: true },
  start: { steps: ["node scripts/start.ts"], args: true },
  serve: { steps: ["node scripts/serve.ts"], args: true },
  test: {
    steps: ["node scripts/check-types.ts", "biome check --diagnostic-level=error .", "vitest run"],
    args: true,
  },
  "dry-run": { steps: ["wrangler deploy --dry-run --outdir dist"] },
  startup: { steps: ["wrangler check startup"] },
  "test:chaos": { steps: ["node test/durability/chaos.ts"], args: true },
  "test:kill": { steps: ["node test/durability/kill.ts"], args: true },
  "test:mutants": { steps: ["node test/mutants/run.ts"], args: true },
  check: { steps: ["node scripts/check-types.ts", "biome check --diagnostic-level=error ."] },
  lint: { steps: ["biome check --diagnostic-level=error ."] },
  format: { steps: ["biome check --write ."] },
  deploy: { steps: ["node scripts/deploy.ts"], args: true },
  bidders: { steps: ["node scripts/bidders.ts"], args: true },
  keys: { steps: ["node scripts/keys.ts"], args: true },
  tenants: { steps: ["node scripts/tenants.ts"], args: true },
  replay: { steps: ["node scripts/replay.ts"], args: true },
  verify: { steps: ["node scripts/verify.ts"], args: true },
  ope: { steps: ["node scripts/ope.ts"], args: true },
  evaluate: { steps: ["node scripts/evaluate.ts"], args: true },
  seed: { steps: ["node scripts/seed.ts"], args: true },
  "bench:tasks": { steps: ["node bench/tasks.ts"], args: true },
  "bench:durable": { steps: ["node bench/durable.ts"], args: true },
  "bench:settle": { steps: ["node bench/settle.ts"], args: true },
  "bench:market": { steps: ["node bench/market.ts"], args: true },
  "bench:budget": { steps: ["node bench/budget.ts"], args: true },
  "bench:prompt-cache": { steps: ["node bench/prompt-cache.ts"], args: true },
  "bench:criteria": { steps: ["node bench/criteria.ts"], args: true },
  "bench:race": { steps: ["node bench/race.ts"], args: true },
};

const chosen = tasks[task];
if (chosen === undefined) fail(`Unknown task "${task ?? ""}". Tasks: ${Object.keys(tasks).join(", ")}.`);

install();
const env = environment();
const steps = chosen.steps.map((step, i) =>
  chosen.args && i === chosen.steps.length - 1 ? [step, ...rest.map(quote)].join(" ") : step,
);
for (const step of steps) await run(step);

function install() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".atomic-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("atomic: installing packages (about a minute) ...");
  const npm = spawnSync("npm ci --ignore-scripts --no-audit --no-fund --loglevel=error", {
    shell: true,
    stdio: ["ignore", 2, 2],
    cwd: root,
  });
  if (npm.status !== 0) fail("npm ci failed; the lines above say why.");
  writeFileSync(stamp, lock);
}

function environment() {
  const path = [join(root, "node_modules", ".bin")];
  if (Number(process.versions.node.split(".")[0]) < 22) {
    const bundled = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin");
    if (!existsSync(bundled))
      fail(`Atomic needs Node >= 22 on ${process.platform} (this is ${process.version}); on Linux it brings its own.`);
    path.unshift(bundled);
  } else path.unshift(dirname(process.execPath));
  return {
    ...process.env,
    PATH: [...path, process.env.PATH].join(delimiter),
    NODE_NO_WARNINGS: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    X_LOCAL_OBSERVABILITY: "false",
    X_LOCAL_EXPLORER: "false",
    NO_UPDATE_NOTIFIER: "1",
  };
}

/** Runs one step in the foreground; signals go on to it, and its exit code is ours. */
function run(step) {
  return new Promise((resolve) => {
    // The shell makes way for the command: else a signal would end the shell alone.
    const child = spawn(process.platform === "win32" ? step : `exec ${step}`, {
      shell: true,
      stdio: "inherit",
      cwd: root,
      env,
    });
    const pass = (signal) => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    // npm does not pass SIGTERM on: when whoever started us is gone, nobody wants the rest.
    const parent = process.ppid;
    const orphaned = setInterval(() => process.ppid !== parent && pass("SIGTERM"), 1000);
    child.on("exit", (code, signal) => {
      clearInterval(orphaned);
      process.off("SIGINT", pass).off("SIGTERM", pass);
      if (code === 0) resolve();
      else process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

function quote(word) {
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

function fail(message) {
  console.error(`atomic: ${message}`);
  process.exit(1);
}
