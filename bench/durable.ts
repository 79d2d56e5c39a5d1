import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { argumentsOf, wholeNumber } from "../scripts/arguments.ts";
import { bundleWorker } from "../scripts/bundle.ts";
import { type LocalWorker, startWorker } from "../scripts/workerd.ts";
import type { LoggedEvent } from "../src/job/job-event.ts";
import type { JobView } from "../src/job/job-view.ts";
import { startProvider } from "../test/provider/provider.ts";
import { dollarsOf } from "./durable/dollars.ts";
import { walCommits } from "./durable/wal.ts";

const usage = `npm run bench:durable -- [--jobs 120] [--pause 50] [--running 200] [--json]

What a durable job costs, beside the floor of the platform in the same run (bench/floor: a fresh object, one row, one
upstream call): time at one connection, rate at 16, rows, commits, replay of a long log, memory, dollars. And the fast
lane, which is not durable, beside both and the upstream called directly.

Time at one connection is measured twice: with a pause before each request, as requests come that do not wait for each
other, and back to back, where the object of the next job (src/entry/spare-object.ts) is never ready in time.

  --jobs       of each kind at one connection, and three times as many at 16
  --pause      before each request, ms
  --running    jobs that run at once while memory is measured`;
const { values } = argumentsOf(usage, {
  json: { type: "boolean", default: false },
  jobs: { type: "string", default: "120" },
  pause: { type: "string", default: "50" },
  running: { type: "string", default: "200" },
});
const jobs = wholeNumber("jobs", values.jobs, 1);
const workers: LocalWorker[] = [];
process.on("exit", () => {
  for (const worker of workers)
    try {
      process.kill(-worker.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
});

const provider = await startProvider();
provider.script("fast", { text: "Paris." });
provider.script("broken", { fault: "status-500" });
provider.script("hanging", { text: "never", firstTokenAfterMs: 600_000 });
const state = mkdtempSync(join(tmpdir(), "atomic-bench-"));
const bundles = { floor: await bundleWorker("bench/floor/wrangler.toml"), atomic: await bundleWorker() };
const vars = { ATOMIC_LOCAL: "1", ATOMIC_ALLOW_LOOPBACK: "1" };
const start = async (name: "floor" | "atomic"): Promise<LocalWorker> => {
  // The floor has no pages; the platform's router for them is not part of a job's time, Miniflare's would be.
  const worker = await startWorker({ bundle: bundles[name], persistTo: join(state, name), vars, pages: false });
  workers.push(worker);
  return worker;
};
const floor = await start("floor");
let atomic = await start("atomic");
for (const model of ["fast", "broken", "hanging"])
  await must(`${atomic.url}/v1/bidders/test/${model}`, "PUT", {
    endpoint: { type: "openai-compatible", model, baseUrl: `${provider.url}/v1` },
    price: { input: 1, output: 2 },
    // A server on this machine is taken to serve one call at a time unless it says otherwise.
    concurrency: 1000,
  });

const upstream = {
  model: "fast",
  stream: true,
  messages: [{ role: "user", content: "What is the capital of France?" }],
};
const text = "What is the capital of France?";
const contract = { criteria: [{ type: "contains", text: "Paris" }] };
const ways = {
  direct: () => must(`${provider.url}/v1/chat/completions`, "POST", { ...upstream, max_tokens: 100 }),
  floor: () => must(floor.url, "POST", upstream, { "x-upstream": `${provider.url}/v1/chat/completions` }),
  one: () => run({ text, bidders: ["test/fast"], contract }),
  fast: () => run({ text, bidders: ["test/fast"], contract, lane: "fast" }),
  three: () =>
    run({
      text,
      bidders: ["test/fast"],
      plan: {
        microtasks: ["a", "b", "c"].map((id) => ({ id, kind: "answer", contract })),
        assembly: { type: "object", fields: { a: "a", b: "b", c: "c" } },
      },
    }),
} satisfies Record<string, () => Promise<unknown>>;

for (let i = 0; i < 10; i++) for (const way of Object.values(ways)) await way();
type Way = keyof typeof ways;
const middle = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** Median time of each, ms. In turns of so many of one kind, so that what else the machine does meets all of them. */
async function timesOf<N extends Way>(names: readonly N[], pauseMs: number, turn: number): Promise<Record<N, number>> {
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<N, number[]>;
  for (let i = 0; i < jobs; i += turn)
    for (const name of names)
      for (let k = 0; k < turn; k++) {
        if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
        const began = performance.now();
        await ways[name]();
        times[name].push(performance.now() - began);
      }
  return Object.fromEntries(names.map((name) => [name, middle(times[name])])) as Record<N, number>;
}
// What a job leaves to do when its answer is out falls on the next one: the fast lane's is kept from the aims.
const paused = await timesOf(["floor", "one", "three"], wholeNumber("pause", values.pause, 0), 1);
const packed = await timesOf(["floor", "one", "three"], 0, 20);
const fast = await timesOf(["direct", "fast"], 0, 1);

/** Jobs a second over 16 connections. */
async function rate(way: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let left = jobs * 3;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) await way();
    }),
  );
  return (jobs * 3) / ((performance.now() - began) / 1000);
}
/** In turns, so that what else the machine does meets both. */
const rounds: { floor: number; one: number; fast: number; share: number }[] = [];
for (let round = 0; round < 5; round++) {
  const floorRate = await rate(ways.floor);
  const oneRate = await rate(ways.one);
  const fastRate = await rate(ways.fast);
  rounds.push({ floor: floorRate, one: oneRate, fast: fastRate, share: oneRate / floorRate });
}

const single = await run({ text, bidders: ["test/fast"], contract });
const both = await retried();
const seen = { single: await account(single), both: await account(both) };

const running = await memory(wholeNumber("running", values.running, 1));
const resume = await resumeTimes(single);

const dollars = dollarsOf({ rows: seen.single.rows, seconds: paused.one / 1000 });
const result = {
  machine: `${cpus().length} CPUs, ${cpus()[0]?.model ?? ""}, load ${loadavg()[0]?.toFixed(1)}`,
  oneMs: paused.one,
  threeMs: paused.three,
  floorMs: paused.floor,
  oneRatio: paused.one / paused.floor,
  threeRatio: paused.three / paused.floor,
  packedOneMs: packed.one,
  packedThreeMs: packed.three,
  packedFloorMs: packed.floor,
  packedOneRatio: packed.one / packed.floor,
  packedThreeRatio: packed.three / packed.floor,
  rateAt16: middle(rounds.map((round) => round.one)),
  floorRateAt16: middle(rounds.map((round) => round.floor)),
  rateShare: middle(rounds.map((round) => round.share)),
  directMs: fast.direct,
  fastMs: fast.fast,
  fastRateAt16: middle(rounds.map((round) => round.fast)),
  rowsOne: seen.single.rows,
  commitsOne: seen.single.commits,
  rowsTwoAttempts: seen.both.rows,
  commitsTwoAttempts: seen.both.commits,
  attempts: seen.both.attempts,
  ...resume,
  mbPerRunningJob: running,
  dollars,
};
if (values.json) console.log(JSON.stringify(result, null, 2));
else print(result);
for (const worker of workers) await worker.kill();
await provider.close();
for (const folder of [state, ...Object.values(bundles)]) rmSync(folder, { recursive: true, force: true });
process.exit(0);

/** A job whose first attempt fails, so that it has two: the market is told that the broken one is the better. */
async function retried(): Promise<string> {
  const kind = "summarise";
  const rows = [
    { bidder: "test/broken", kind, accepted: 49, n: 50 },
    { bidder: "test/fast", kind, accepted: 10, n: 50 },
  ];
  await must(`${atomic.url}/v1/market/priors`, "POST", { rows });
  for (let tries = 0; tries < 20; tries++) {
    const id = await run({ text, kind, bidders: ["test/broken", "test/fast"], contract });
    const view = (await must(`${atomic.url}/v1/jobs/${id}`, "GET")) as JobView;
    if (view.microtasks[0]?.attempts.length === 2) return id;
  }
  throw new Error("No job had two attempts.");
}

async function run(body: object): Promise<string> {
  const view = (await must(`${atomic.url}/v1/jobs?wait=60`, "POST", body)) as JobView;
  if (view.status !== "succeeded") throw new Error(`A job ended as ${view.status}: ${JSON.stringify(view.error)}`);
  return view.id;
}

async function must(
  url: string,
  method: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const init = { method, headers: { "content-type": "application/json", ...headers } };
  const answer = await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text.slice(0, 500)}`);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

async function log(id: string): Promise<LoggedEvent[]> {
  const text = await (await fetch(`${atomic.url}/v1/jobs/${id}/events`)).text();
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith("data:") ? [JSON.parse(line.slice(5)) as LoggedEvent] : []));
}

function fileOf(id: string): string {
  return join(state, "atomic", "do", "atomic-JobObject", `${id.split("_")[1]}.sqlite`);
}

/** Rows: events, and the alarm's two (held, then put at the retention). Commits: counted in the write-ahead log. */
async function account(id: string): Promise<{ rows: number; commits: number; attempts: number }> {
  const events = await log(id);
  const attempts = events.filter((e) => e.type === "attempt-started").length;
  return { rows: events.length + 2, commits: walCommits(`${fileOf(id)}-wal`), attempts };
}

/** Memory of workerd for each job that waits for its first token, MB. */
async function memory(count: number): Promise<number> {
  const pid = workerdOf(atomic.pid);
  const before = rssMb(pid);
  const ids: string[] = [];
  for (let n = 0; n < count; n += 16)
    ids.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(16, count - n) }, async () => {
          const made = await must(`${atomic.url}/v1/jobs`, "POST", { text, bidders: ["test/hanging"], contract });
          return (made as { id: string }).id;
        }),
      )),
    );
  await new Promise((done) => setTimeout(done, 1000));
  const each = (rssMb(pid) - before) / count;
  await Promise.all(ids.map((id) => must(`${atomic.url}/v1/jobs/${id}/cancel`, "POST", {})));
  return each;
}

function workerdOf(pid: number): number {
  const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
    .stdout.trim()
    .split("\n")
    .map(Number);
  const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("workerd"));
  if (found === undefined) throw new Error("workerd was not found.");
  return found;
}

function rssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

/** A job of 10,000 events in an object that sleeps: from the first byte of the request to the last event. */
async function resumeTimes(id: string): Promise<{ replayMs: number; resumeMs: number }> {
  const events = await log(id);
  await atomic.kill();
  const path = fileOf(id);
  if (!existsSync(path)) throw new Error(`The job's object has no file at ${path}.`);
  const db = new DatabaseSync(path);
  const { seq: end } = events.at(-1) ?? { seq: 0 };
  const insert = db.prepare("INSERT INTO log (seq, at_ms, epoch, v, body) VALUES (?, ?, 1, 2, ?)");
  const streamed = {
    type: "text-streamed",
    microtask: "answer",
    attempt: "answer.1",
    offset: 0,
    text: "twelve words of an answer that somebody reads while it is written ",
  };
  db.exec("BEGIN");
  for (let seq = end + 1; seq <= 10_000; seq++) insert.run(seq, Date.now(), JSON.stringify(streamed));
  db.exec("COMMIT");
  db.close();
  atomic = await start("atomic");
  await must(`${atomic.url}/v1/bidders`, "GET");
  const timed = async (after: number, expected: number): Promise<number> => {
    const began = performance.now();
    const text = await (await fetch(`${atomic.url}/v1/jobs/${id}/events?after=${after}`)).text();
    const ms = performance.now() - began;
    const got = text.split("\nid: ").length;
    if (got < expected) throw new Error(`${got} of ${expected} events came.`);
    return ms;
  };
  const replayMs = await timed(0, 9_990);
  const resumeMs = await timed(9_900, 90);
  return { replayMs, resumeMs };
}

function print(r: typeof result): void {
  const ms = (n: number) => `${n.toFixed(1)} ms`;
  const judge = (good: boolean) => (good ? "ok" : "SHORT");
  const lines = [
    [
      "one microtask, one connection",
      `${ms(r.oneMs)} (floor ${ms(r.floorMs)}, ${r.oneRatio.toFixed(2)} x)`,
      "<= 1.5 x",
      judge(r.oneRatio <= 1.5),
    ],
    ["three microtasks", `${ms(r.threeMs)} (${r.threeRatio.toFixed(2)} x)`, "<= 2 x", judge(r.threeRatio <= 2)],
    [
      "one microtask, back to back",
      `${ms(r.packedOneMs)} (floor ${ms(r.packedFloorMs)}, ${r.packedOneRatio.toFixed(2)} x)`,
      "<= 1.5 x",
      judge(r.packedOneRatio <= 1.5),
    ],
    [
      "three microtasks",
      `${ms(r.packedThreeMs)} (${r.packedThreeRatio.toFixed(2)} x)`,
      "<= 2 x",
      judge(r.packedThreeRatio <= 2),
    ],
    [
      "jobs a second at 16",
      `${r.rateAt16.toFixed(0)} (floor ${r.floorRateAt16.toFixed(0)}, ${(100 * r.rateShare).toFixed(0)} %)`,
      ">= 70 %",
      judge(r.rateShare >= 0.7),
    ],
    [
      "the fast lane, one connection",
      `${ms(r.fastMs)} (${(r.fastMs / r.packedFloorMs).toFixed(2)} x the floor; upstream ${ms(r.directMs)})`,
      "",
      "",
    ],
    [
      "jobs a second at 16",
      `${r.fastRateAt16.toFixed(0)} (${(r.fastRateAt16 / r.rateAt16).toFixed(1)} x a durable one's)`,
      "",
      "",
    ],
    ["rows, one attempt / two", `${r.rowsOne} / ${r.rowsTwoAttempts}`, "<= 16", judge(r.rowsTwoAttempts <= 16)],
    [
      "commits, one attempt / two",
      `${r.commitsOne} / ${r.commitsTwoAttempts}`,
      "<= 6",
      judge(r.commitsTwoAttempts <= 6),
    ],
    ["10,000 events, all / the last 100", `${ms(r.replayMs)} / ${ms(r.resumeMs)}`, "< 200 ms", judge(r.replayMs < 200)],
    ["memory of a running job", `${r.mbPerRunningJob.toFixed(2)} MB`, "< 1 MB", judge(r.mbPerRunningJob < 1)],
    [
      "platform, a job",
      `$${r.dollars.total.toExponential(2)}`,
      "",
      Object.entries(r.dollars)
        .filter(([k]) => k !== "total")
        .map(([k, v]) => `${k} ${v.toExponential(1)}`)
        .join(", "),
    ],
  ];
  console.log(r.machine);
  for (const [what = "", measured = "", asked = "", verdict = ""] of lines)
    console.log(`${what.padEnd(36)} ${measured.padEnd(44)} ${asked.padEnd(10)} ${verdict}`);
}
