import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { argumentsOf, wholeNumber } from "../scripts/arguments.ts";
import { migrationStatements } from "../test/store/local-d1.ts";
import { jobCostNano, outcomesPerJob } from "./settle/generated.ts";
import type { BatchRecord, Order } from "./settle/worker.ts";

/**
 * node bench/settle.ts [--rate 500] [--seconds 10] [--json]
 *
 * Settlements through a local queue (workerd) into a local D1 (SQLite on disk) at a steady rate, one in twenty sent
 * twice, by the product's own consumer; then what is in D1 is compared with what was sent. Beside it, in the same run,
 * one write per settlement. Exit code 1 when one is lost or doubled, or when the rate or 0.1 writes a job is missed.
 */
const usage = `npm run bench:settle -- [--rate 500] [--seconds 10] [--json]

Settlements through the queue into D1 at this rate a second: how many a second, none lost or doubled, writes a job.`;
const { values } = argumentsOf(usage, {
  rate: { type: "string", default: "500" },
  seconds: { type: "string", default: "10" },
  json: { type: "boolean", default: false },
});
const rate = wholeNumber("rate", values.rate, 1);
const seconds = wholeNumber("seconds", values.seconds, 1);
const repeatEvery = 20;
const tickMs = 100;
const baselineMs = 3_000;

const here = import.meta.dirname;
const directory = mkdtempSync(join(tmpdir(), "atomic-settle-"));

function bundle(): string {
  const config = join(here, "settle", "wrangler.toml");
  const wrangler = resolve(here, "../node_modules/wrangler/bin/wrangler.js");
  const built = spawnSync(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--config", config, "--outdir", join(directory, "out")],
    {
      cwd: resolve(here, ".."),
      encoding: "utf8",
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
    },
  );
  if (built.status !== 0) throw new Error(`The Worker did not bundle: ${built.stderr || built.error?.message}`);
  return readFileSync(join(directory, "out", "worker.js"), "utf8");
}

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    resourcePersistencePath: join(directory, "state"),
    workers: [
      {
        name: "settle",
        modules: true,
        script: bundle(),
        compatibilityDate: "2026-10-20",
        compatibilityFlags: ["nodejs_compat"],
        d1Databases: { DB: "settle" },
        queueProducers: { SETTLEMENTS: "settlements" },
        queueConsumers: { settlements: { maxBatchSize: 100, maxBatchTimeout: 1, maxRetries: 3 } },
      },
    ],
  }),
);

async function call<T>(path: string, order: Partial<Order> = {}): Promise<T> {
  const body = JSON.stringify({ from: 0, count: 0, repeatEvery: 0, forMs: 0, ...order });
  const response = await miniflare.dispatchFetch(`http://settle${path}`, { method: "POST", body });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  return (await response.json()) as T;
}

const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

function figures(records: BatchRecord[]) {
  const sum = (of: (r: BatchRecord) => number) => records.reduce((total, r) => total + of(r), 0);
  const sorted = (of: (r: BatchRecord) => number) => records.map(of).sort((a, b) => a - b);
  const jobs = sum((r) => r.learned);
  const [durations, lags] = [sorted((r) => r.endMs - r.startMs), sorted((r) => r.lagMs)];
  return {
    jobs,
    batches: records.length,
    writesPerJob: sum((r) => r.tries) / jobs,
    rowsWrittenPerJob: sum((r) => r.rowsWritten) / jobs,
    batchMs: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) },
    /** From a message's sending to its settlement, the oldest of each batch. */
    lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) },
    /** What one consumer could do without a pause. */
    capacityPerSecond: Math.round(
      (1000 * jobs) /
        Math.max(
          1,
          sum((r) => r.endMs - r.startMs),
        ),
    ),
  };
}

/** Settled a second from the first sending on. Without the last batch: for that one the queue waits a second in vain. */
function pace(records: BatchRecord[], fromMs: number): number {
  const steady = records.slice(0, -1);
  const untilMs = steady.at(-1)?.endMs ?? fromMs + 1;
  return Math.round((1000 * steady.reduce((sum, r) => sum + r.learned, 0)) / (untilMs - fromMs));
}

try {
  const d1 = await miniflare.getD1Database("DB");
  for (const statement of migrationStatements()) await d1.prepare(statement).run();
  // The first call of a Worker compiles it.
  await call("/one-each", { from: 900_000_000, forMs: 200 });
  const before = { jobs: await count("jobs"), outcomes: await outcomes() };

  const total = rate * seconds;
  const records: BatchRecord[] = [];
  const startMs = Date.now();
  let sent = 0;
  let messages = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor(((Date.now() - startMs) / 1000) * rate) + Math.ceil((rate * tickMs) / 1000));
    if (due > sent) messages += await call<number>("/send", { from: sent, count: due - sent, repeatEvery });
    sent = due;
    await sleep(Math.max(0, tickMs - ((Date.now() - startMs) % tickMs)));
  }
  for (let waited = 0; waited < 300; waited++) {
    records.push(...(await call<BatchRecord[]>("/records")));
    if (records.reduce((sum, r) => sum + r.size, 0) >= messages) break;
    await sleep(tickMs);
  }
  const market = figures(records);
  const perSecond = pace(records, startMs);
  const found = {
    jobs: (await count("jobs")) - before.jobs,
    keys: (await count("settled")) - before.jobs,
    counted: Number(await scalar("select sum(jobs) from usage_months")) - before.jobs,
    costNano: Number(await scalar("select sum(cost_nano) from usage_months")) - before.jobs * jobCostNano,
    outcomes: (await outcomes()) - before.outcomes,
  };
  const wanted = {
    jobs: total,
    keys: total,
    counted: total,
    costNano: total * jobCostNano,
    outcomes: total * outcomesPerJob,
  };
  const partBytes = Number(await scalar("select max(length(body)) from market_parts"));

  const oneEach = await call<BatchRecord[]>("/one-each", { from: 100_000_000, forMs: baselineMs });
  const bare = await call<BatchRecord[]>("/bare-insert", { from: 0, forMs: baselineMs });
  const baselines = {
    "the same, one write per settlement": figures(oneEach),
    "bare INSERT of a summary, one per job": figures(bare),
  };

  const checks = {
    "none lost, none doubled": JSON.stringify(found) === JSON.stringify(wanted),
    [`${rate} settlements a second, none later than 3 s`]: perSecond >= 0.95 * rate && market.lagMs.p99 <= 3_000,
    "at most 0.1 D1 writes a job": market.writesPerJob <= 0.1,
  };
  const result = {
    wanted: { rate, seconds, jobs: total, messages },
    perSecond,
    market,
    found,
    partBytes,
    baselines,
    checks,
    machine: { cpus: availableParallelism(), load: loadavg()[0], node: process.version },
  };
  if (values.json) console.log(JSON.stringify(result, null, 1));
  else print(result);
  if (Object.values(checks).includes(false)) process.exitCode = 1;
} finally {
  await miniflare.dispose();
  rmSync(directory, { recursive: true, force: true });
}

async function scalar(sql: string): Promise<unknown> {
  const d1 = await miniflare.getD1Database("DB");
  const row = await d1.prepare(sql).first<Record<string, unknown>>();
  return Object.values(row ?? {})[0] ?? 0;
}

async function count(table: "jobs" | "settled"): Promise<number> {
  return Number(await scalar(`select count(*) from ${table}`));
}

/** Outcomes the market has folded, as it counts them itself. */
async function outcomes(): Promise<number> {
  return Number(await scalar("select sum(body ->> 'outcomes') from market_parts where part <> 'shared'"));
}

type Result = {
  wanted: { jobs: number; messages: number; rate: number; seconds: number };
  perSecond: number;
  market: ReturnType<typeof figures>;
  found: object;
  partBytes: number;
  baselines: Record<string, ReturnType<typeof figures>>;
  checks: Record<string, boolean>;
  machine: { cpus: number; load: number | undefined; node: string };
};

function print({ wanted, perSecond, market, found, partBytes, baselines, checks, machine }: Result): void {
  console.log(
    `${wanted.jobs} jobs (${wanted.messages} messages, one in ${repeatEvery} twice) at ${wanted.rate} a second for ${wanted.seconds} s; queue and D1 in local workerd`,
  );
  console.log(`${machine.cpus} CPUs, load ${machine.load?.toFixed(1)}, Node ${machine.node}`);
  console.log(
    `settled ${perSecond} a second; ${market.lagMs.p50} ms after sending (p50), ${market.lagMs.p99} ms (p99), of which the queue waits up to 1 s\n`,
  );
  console.log(
    `${"".padEnd(40)} ${["could do/s", "writes/job", "rows/job", "batch p50", "p99 ms"].map((h) => h.padStart(10)).join(" ")}`,
  );
  const line = (name: string, f: ReturnType<typeof figures>) => {
    const cells = [
      f.capacityPerSecond,
      f.writesPerJob.toFixed(3),
      f.rowsWrittenPerJob.toFixed(2),
      f.batchMs.p50,
      f.batchMs.p99,
    ];
    console.log(`${name.padEnd(40)} ${cells.map((c) => String(c).padStart(10)).join(" ")}`);
  };
  line(`this: ${market.batches} batches of up to 100`, market);
  for (const [name, f] of Object.entries(baselines)) line(name, f);
  console.log(`\nfound in D1: ${JSON.stringify(found)}; largest part of the market ${partBytes} bytes`);
  for (const [name, ok] of Object.entries(checks)) console.log(`${ok ? "yes" : "NO "}  ${name}`);
}
