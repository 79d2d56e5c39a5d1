/**
 * `npm run test:kill [-- --kills 30 --seed N]`: the built Worker in workerd with its state on disk, jobs under load
 * against the scripted provider, SIGKILL of the process group at random, restart; then the checker looks at every job.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { startProvider } from "../provider/provider.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import { KillClient, pause } from "./kill-client.ts";
import { bundleWorker, type LocalWorker, startWorker } from "./local-worker.ts";
import { seeded } from "./seeded.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: { kills: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
});
const kills = Number(values.kills);
const random = seeded(Number(values.seed));
const leaseMs = 30_000;
/** Restarts after which nobody sends a request until the job goes on by itself. */
const silentRounds = new Set([Math.floor(kills / 3), Math.floor((2 * kills) / 3)]);

const began = Date.now();
let worker = null as LocalWorker | null;
process.on("exit", () => {
  // Also when this script fails: a workerd that nobody knows would run for ever.
  if (worker !== null) process.kill(-worker.pid, "SIGKILL");
});
const provider = await startProvider();
provider.script("steady", {
  text: "It is ok, as far as anyone can tell from here today.",
  firstTokenAfterMs: 100,
  betweenMs: 20,
});
provider.script("slow", {
  text: "ok and slow, slow, slow, slow, slow, slow, slow.",
  firstTokenAfterMs: 300,
  betweenMs: 100,
});
provider.script("flaky", [
  { text: "ok at the first try.", betweenMs: 40 },
  { fault: "status-500" },
  { text: "ok, then cut off", fault: "reset", faultAfter: 2, betweenMs: 40 },
]);
const models = ["steady", "slow", "flaky"];

const bundle = await bundleWorker();
const persistTo = mkdtempSync(join(tmpdir(), "atomic-kill-"));
const vars = { ATOMIC_LOCAL: "1", ATOMIC_ALLOW_LOOPBACK: "1" };
const lines: string[] = [];
const boots: number[] = [];

let open = false;
const base = (): string => worker?.url ?? "";
const url = () => (open ? base() : null);
const clients: KillClient[] = [];
const failures: string[] = [];
const working: Promise<void>[] = [];

async function boot(): Promise<void> {
  worker = await startWorker({ bundle, persistTo, vars });
  boots.push(worker.readyAtMs);
}
async function die(): Promise<void> {
  open = false;
  await worker?.kill();
  lines.push(...(worker?.lines ?? []));
  worker = null;
}

await boot();
for (const model of models)
  await fetch(`${base()}/v1/bidders/test/${model}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      endpoint: { type: "openai-compatible", model, baseUrl: `${provider.url}/v1` },
      price: { input: 1, output: 2 },
      // A server on this machine is taken to serve one call at a time unless it says otherwise.
      concurrency: 1000,
    }),
  });
open = true;

function startJob(): void {
  const token = `kill-token-${clients.length}-${random.int(1, 1e9)}`;
  const client = new KillClient(token, randomBody(token), url);
  clients.push(client);
  working.push(
    client
      .post()
      .then(() => client.follow())
      .catch((error: Error) => void failures.push(error.message)),
  );
}

function randomBody(token: string): object {
  const bidders = models.map((model) => `test/${model}`);
  const contract = { criteria: [{ type: "contains", text: "ok" }] };
  const text = `${token} Tell me how it is.`;
  switch (random.int(0, 3)) {
    case 0:
      return { text, bidders, delivery: "live" };
    case 1:
      return { text, bidders, contract, strategy: "race" };
    case 2:
      return { text, bidders: ["test/slow"], delivery: "live", deadlineMs: random.int(20_000, 60_000) };
    default:
      return {
        text,
        bidders,
        plan: {
          microtasks: [
            { id: "one", kind: "answer", contract },
            { id: "two", kind: "answer", instruction: token },
            { id: "three", kind: "summarise", needs: ["one", "two"], instruction: token },
          ],
          assembly: { type: "object", fields: { one: "one", two: "two", three: "three" } },
        },
      };
  }
}

const recoveries: number[] = [];
for (let kill = 1; kill <= kills; kill++) {
  for (let n = random.int(3, 6); n > 0; n--) startJob();
  await pause(random.int(300, 2500));
  const silent = silentRounds.has(kill);
  // Something must be under way for a recovery to be seen.
  if (silent) {
    startJob();
    const client = clients.at(-1);
    while (client !== undefined && !client.events.some((e) => e.type === "attempt-started")) await pause(20);
  }
  await die();
  const calls = provider.ledger().length;
  await boot();
  if (silent) {
    const readyAtMs = Date.now();
    while (provider.ledger().length === calls && Date.now() - readyAtMs < 60_000) await pause(50);
    recoveries.push(Date.now() - readyAtMs);
    console.log(`kill ${kill}: nobody asked, and work went on ${recoveries.at(-1)} ms after the restart`);
  }
  open = true;
  if (kill % 10 === 0)
    console.log(`${kill} kills, ${clients.length} jobs, ${clients.filter((c) => c.done).length} over`);
}

await Promise.race([Promise.all(working), pause(180_000)]);
for (const client of clients) client.stop();

const ledger = provider.ledger();
let breaches = 0;
const ends = new Map<string, number>();
let interrupted = 0;
for (const client of clients) {
  const found = [...(await breachesOf(client))];
  breaches += found.length;
  for (const breach of found) console.error(`${client.id ?? client.token}: ${breach}`);
}
for (const failure of failures) console.error(failure);
for (const late of recoveries.filter((ms) => ms > 35_000)) console.error(`recovery took ${late} ms`);
await die();
await provider.close();
rmSync(persistTo, { recursive: true, force: true });
rmSync(bundle, { recursive: true, force: true });
const bad = breaches + failures.length + recoveries.filter((ms) => ms > 35_000).length;
console.log(
  `${kills} kills, ${clients.length} jobs (${interrupted} interrupted, ${[...ends].map(([s, n]) => `${s} ${n}`).join(", ")}), ${ledger.length} provider calls, ${bad} violations, recovery without a request ${recoveries.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(", ")}, ${Math.round((Date.now() - began) / 1000)} s.`,
);
process.exit(bad === 0 ? 0 : 1);

async function breachesOf(client: KillClient): Promise<string[]> {
  if (client.id === null) return ["the job was never acknowledged"];
  if (!client.done) return [`the job is not over; its client has ${client.events.length} events`];
  const answer = await fetch(`${base()}/v1/jobs/${client.id}/events`);
  const log = (await answer.text())
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => JSON.parse(line.slice(5)) as LoggedEvent);
  const end = log.find((e) => e.type === "job-ended");
  const status = end?.type === "job-ended" ? end.status : "running";
  ends.set(status, (ends.get(status) ?? 0) + 1);
  if (log.some((e) => e.type === "epoch-started")) interrupted++;
  const mine = ledger.filter((entry) => JSON.stringify(entry.body).includes(client.token));
  const evidence: Evidence = {
    job: client.id,
    log,
    shown: null,
    view: null,
    posts: null,
    words: [],
    tenant: null,
    calls: mine.map(callOf),
    clients: [{ name: client.token, events: client.events }],
    sink: log.flatMap((e) => (e.type === "settlement-sent" ? e.keys.map((key) => ({ key, settlement: null })) : [])),
    commits: null,
    boots,
    leaseMs,
    defects: [],
    console: lines.concat(worker?.lines ?? []),
    secrets: [client.token],
  };
  return check(evidence);
}

function callOf(entry: LedgerEntry): Evidence["calls"][number] {
  return {
    attempt: null,
    bidder: `test/${entry.model}`,
    startedAtMs: entry.receivedAtMs,
    endedAtMs: entry.endedAtMs,
    logAtStart: null,
    cut: null,
    billedNano: null,
  };
}
