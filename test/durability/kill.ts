import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argumentsOf, wholeNumber } from "../../scripts/arguments.ts";
import { bundleWorker } from "../../scripts/bundle.ts";
import { type LocalWorker, startWorker } from "../../scripts/workerd.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { monthOf } from "../../src/money/tenant-ledger.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { startProvider } from "../provider/provider.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import { type Holder, KillClient, pause } from "./kill-client.ts";
import { type Books, KillDisk } from "./kill-disk.ts";
import { FastPosts } from "./kill-fast.ts";
import { chainBreaches, type JobRecord, recordBreaches, recordsOf } from "./kill-records.ts";
import { startWitness } from "./kill-witness.ts";
import { seeded } from "./seeded.ts";

const help = `npm run test:kill -- [--kills 30] [--seed 1]

The built Worker in workerd with its state on disk, jobs of two tenants under load against the scripted provider, SIGKILL
of the process group at random, restart. Then the checker looks at every job: at its object's file, its tenant's books,
its stream, its view, the provider's ledger, the receiver. A third tenant's jobs run in the fast lane: what its shards
have is told of once and as it was answered, and nothing else is lost than answers that a kill came right after. About
four minutes; exit code 1 at any violation.`;
const { values } = argumentsOf(help, {
  kills: { type: "string", default: "30" },
  seed: { type: "string", default: "1" },
});
const kills = wholeNumber("kills", values.kills, 1);
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
const [provider, witness] = await Promise.all([startProvider(), startWitness()]);
/**
 * What every whole answer is billed: tokens, and nano-USD at 1 and 2 USD a million. Below what a caller counts itself:
 * one that is cut at its last word is whole to its provider, and its cost is the caller's own count.
 */
const usage = { input: 20, output: 6 };
const wholeNano = usage.input * 1_000 + usage.output * 2_000;
provider.script("steady", {
  text: "It is ok, as far as anyone can tell from here today.",
  firstTokenAfterMs: 100,
  betweenMs: 20,
  usage,
});
provider.script("slow", {
  text: "ok and slow, slow, slow, slow, slow, slow, slow.",
  firstTokenAfterMs: 300,
  betweenMs: 100,
  usage,
});
provider.script("flaky", [
  { text: "ok at the first try.", betweenMs: 40, usage },
  { fault: "status-500" },
  { text: "ok, then cut off", fault: "reset", faultAfter: 2, betweenMs: 40 },
]);
const models = ["steady", "slow", "flaky"];

const bundle = await bundleWorker();
const persistTo = mkdtempSync(join(tmpdir(), "atomic-kill-"));
const operatorKey = "the-operator-key-of-the-kill-test";
const vars = {
  ATOMIC_API_KEY: operatorKey,
  ATOMIC_ALLOW_LOOPBACK: "1",
  ATOMIC_OTLP_URL: `${witness.url}/v1/traces`,
};
/** Pays for some of the capped tenant's jobs, not for all, USD: a killed job costs all that was reserved for it. */
const capUsd = 0.0015 * kills;
const lines: string[] = [];
const boots: number[] = [];

let open = false;
const base = (): string => worker?.url ?? "";
const url = () => (open ? base() : null);
const clients: KillClient[] = [];
const failures: string[] = [];
const working: Promise<void>[] = [];

async function boot(): Promise<void> {
  worker = await startWorker({ bundle, persistTo, vars, durableSettlement: true });
  boots.push(worker.readyAtMs);
}
async function die(): Promise<void> {
  open = false;
  killsAtMs.push(Date.now());
  await worker?.kill();
  lines.push(...(worker?.lines ?? []));
  worker = null;
}

await boot();
for (const model of models)
  await operate("PUT", `/v1/bidders/test/${model}`, {
    endpoint: { type: "openai-compatible", model, baseUrl: `${provider.url}/v1` },
    price: { input: 1, output: 2 },
    // A server on this machine is taken to serve one call at a time unless it says otherwise.
    concurrency: 1000,
  });
const holders = await Promise.all(["capped", "open"].map(newTenant));
const fastHolder = await newTenant("fast");
const fast = new FastPosts(fastHolder);
const killsAtMs: number[] = [];
await operate("PUT", "/v1/tenants/capped/budget", { monthlyUsd: capUsd });
open = true;

/** `holder`: the tenant without a cap unless another is named; what must go on is never refused for money. */
function startJob(
  holder: Holder | undefined = holders[1],
  work: (token: string) => [body: object, asks: string[]] = randomBody,
): void {
  if (holder === undefined) throw new Error("There is no tenant.");
  const token = `kill-token-${clients.length}-${random.int(1, 1e9)}`;
  const [body, asks] = work(token);
  const client = new KillClient(token, holder, body, seeded(random.int(1, 1e9)), url);
  clients.push(client);
  const cancels = random.chance(0.12);
  working.push(
    client
      .post()
      .then(() =>
        client.refused
          ? undefined
          : Promise.all([
              client.follow(),
              ...asks.map((microtask) => client.approve(microtask)),
              ...(cancels ? [client.cancel()] : []),
            ]),
      )
      .then(
        () => {},
        (error: Error) => void failures.push(error.message),
      ),
  );
}

/** A job's body, and the microtasks that ask for an approval. */
function randomBody(token: string): [body: object, asks: string[]] {
  const webhook = random.chance(0.4) ? { webhook: { url: `${witness.url}/hook` } } : {};
  const [body, asks] = randomWork(token);
  return [{ ...body, ...webhook }, asks];
}

/** More than a second of one call, and time enough to be taken up again. */
const slowWork = (token: string): [body: object, asks: string[]] => [
  { text: `${token} Tell me how it is.`, bidders: ["test/slow"], delivery: "live" },
  [],
];

function randomWork(token: string): [body: object, asks: string[]] {
  const bidders = models.map((model) => `test/${model}`);
  const contract = { criteria: [{ type: "contains", text: "ok" }] };
  const text = `${token} Tell me how it is.`;
  switch (random.int(0, 5)) {
    case 0:
      return [{ text, bidders, delivery: "live" }, []];
    case 1:
      return [{ text, bidders, contract, strategy: "race" }, []];
    case 2:
      return [{ text, bidders: ["test/slow"], delivery: "live", deadlineMs: random.int(20_000, 60_000) }, []];
    case 3:
    case 4:
      return [
        {
          text,
          bidders,
          plan: {
            microtasks: [
              { id: "draft", kind: "answer", contract },
              { id: "ask", kind: "answer", needs: ["draft"], instruction: token, wait: { for: "approval" } },
              {
                ...{ id: "late", kind: "answer", instruction: token },
                wait: { untilMs: Date.now() + random.int(0, 6000) },
              },
            ],
            assembly: { type: "object", fields: { draft: "draft", ask: "ask", late: "late" } },
          },
        },
        ["ask"],
      ];
    default:
      return [
        {
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
        },
        [],
      ];
  }
}

const recoveries: number[] = [];
for (let kill = 1; kill <= kills; kill++) {
  for (let n = random.int(3, 6); n > 0; n--) startJob(random.chance(0.5) ? holders[0] : holders[1]);
  for (let n = 0; n < 3; n++)
    working.push(fast.post(base(), { text: `Is it ok, for the ${n}th time?`, bidders: ["test/steady", "test/flaky"] }));
  // Mostly sooner than a job takes; at times they get somewhere.
  await pause(random.chance(0.8) ? random.int(300, 2000) : random.int(2000, 3500));
  const silent = silentRounds.has(kill);
  // Something must be under way for a recovery to be seen; what others had waited for may be due at once.
  if (silent) startJob(undefined, slowWork);
  const watched = silent ? clients.at(-1) : undefined;
  while (watched !== undefined && !watched.events.some((e) => e.type === "attempt-started")) await pause(20);
  await die();
  const calls = provider.ledger().length;
  await boot();
  if (watched !== undefined) {
    const readyAtMs = Date.now();
    const goesOn = () =>
      provider
        .ledger()
        .slice(calls)
        .some((entry) => isOf(entry, watched));
    while (!goesOn() && Date.now() - readyAtMs < 60_000) await pause(50);
    recoveries.push(Date.now() - readyAtMs);
    console.log(`kill ${kill}: nobody asked, and its job went on ${recoveries.at(-1)} ms after the restart`);
  }
  open = true;
  for (let n = 0; n < 3; n++) {
    const client = clients[random.int(0, clients.length - 1)];
    if (client !== undefined) working.push(client.repost().catch((error: Error) => void failures.push(error.message)));
  }
  if (kill % 10 === 0)
    console.log(`${kill} kills, ${clients.length} jobs, ${clients.filter((c) => c.done).length} over`);
}

await Promise.race([Promise.all(working), pause(180_000)]);
const jobs = clients.filter((client) => !client.refused);
// Webhooks that failed once are tried again after 5 s.
const views = new Map<KillClient, JobView | null>();
for (let tries = 0; tries < 120; tries++) {
  for (const client of jobs) if (!isQuiet(views.get(client))) views.set(client, await client.view().catch(() => null));
  if (jobs.every((client) => isQuiet(views.get(client)))) break;
  await pause(250);
}
await fast.quiet(base(), 45_000);
await Promise.race([Promise.all(jobs.map((client) => client.followOn().catch(() => {}))), pause(30_000)]);
for (const client of jobs) views.set(client, await client.view().catch(() => null));
for (const client of clients) client.stop();
const recorded = new Map<string, JobRecord>();
const chains: string[] = [];
for (const { tenant, key } of [...holders, fastHolder]) {
  const records = await recordsOf(base(), key);
  for (const one of records) recorded.set(one.id, one);
  chains.push(...(await chainBreaches(base(), key, records)).map((breach) => `chain of ${tenant}: ${breach}`));
}
await pause(500);
await die();

const ledger = provider.ledger();
const disk = new KillDisk(persistTo);
const books = disk.books(monthOf(Date.now()));
const billedOf = (holder: Holder) =>
  ledger
    .filter((entry) => jobs.some((c) => c.holder === holder && isOf(entry, c)))
    .reduce((sum, e) => sum + billed(e), 0);
const billedNano = new Map(holders.map((holder) => [holder, billedOf(holder)]));
const seen = {
  interrupted: 0,
  cancelled: 0,
  approved: 0,
  short: 0,
  posts: witness.posts.length,
  refused: clients.length - jobs.length,
};
let breaches = 0;
const ends = new Map<string, number>();
for (const client of jobs) {
  const found = breachesOf(client);
  breaches += found.length;
  for (const breach of found) console.error(`${client.id ?? client.token}: ${breach}`);
}
const lane = fast.breaches(disk.shards(), books, killsAtMs);
for (const breach of lane.breaches) console.error(breach);
for (const one of [...failures, ...chains]) console.error(one);
for (const late of recoveries.filter((ms) => ms > 35_000)) console.error(`recovery took ${late} ms`);
await Promise.all([provider.close(), witness.close()]);
rmSync(persistTo, { recursive: true, force: true });
rmSync(bundle, { recursive: true, force: true });
const bad =
  breaches + lane.breaches.length + failures.length + chains.length + recoveries.filter((ms) => ms > 35_000).length;
const reposts = clients.reduce((sum, client) => sum + client.reposts, 0);
console.log(
  `seed ${values.seed}: ${kills} kills, ${jobs.length} jobs (${seen.interrupted} interrupted, ${[...ends].map(([s, n]) => `${s} ${n}`).join(", ")}) and ${seen.refused} refused for a spent cap, ${ledger.length} provider calls, ${seen.cancelled} cancels, ${seen.approved} approvals, ${seen.short} jobs short of money, ${seen.posts} webhook posts, ${witness.spans.length} traces, ${reposts} repeats after a kill; in the fast lane ${fast.answered.length} answered and ${fast.broken} broken by a kill, ${lane.kept} written down, ${lane.lost} lost right after their answers; ${bad} violations, recovery without a request ${recoveries.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(", ")}, ${Math.round((Date.now() - began) / 1000)} s.`,
);
process.exit(bad === 0 ? 0 : 1);

async function operate(method: string, path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${operatorKey}` };
  const answer = await fetch(`${base()}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

async function newTenant(tenant: string): Promise<Holder> {
  return { tenant, key: ((await operate("POST", "/v1/keys", { tenant })) as { key: string }).key };
}

/** The job has ended, its bill is sent and nothing is owed to its receiver. */
function isQuiet(view: JobView | null | undefined): boolean {
  return (
    view?.status !== undefined &&
    view.status !== "running" &&
    view.settled &&
    view.webhooks.every((m) => m.state !== "due")
  );
}

function isOf(entry: LedgerEntry, client: KillClient): boolean {
  return JSON.stringify(entry.body).includes(client.token);
}

/** A provider bills a whole answer, whoever was still there to hear it; of others it is not known here. */
function billed(entry: LedgerEntry): number {
  return entry.status === 200 && entry.end === "complete" ? wholeNano : 0;
}

function breachesOf(client: KillClient): string[] {
  if (client.id === null) return ["the job was never acknowledged"];
  if (!client.done) return [`the job is not over; its client has ${client.events.length} events`];
  const { id, holder } = client;
  const log = disk.log(id);
  const end = log.find((e) => e.type === "job-ended");
  const status = end?.type === "job-ended" ? end.status : "running";
  ends.set(status, (ends.get(status) ?? 0) + 1);
  if (log.some((e) => e.type === "epoch-started")) seen.interrupted++;
  if (log.some((e) => e.type === "cancel-requested")) seen.cancelled++;
  if (log.some((e) => e.type === "approval-given")) seen.approved++;
  if (log.some((e) => e.type === "start-refused")) seen.short++;
  const evidence: Evidence = {
    job: id,
    log,
    shown: null,
    view: views.get(client) ?? null,
    calls: ledger.filter((entry) => isOf(entry, client)).map(callOf),
    clients: [{ name: client.token, events: client.events }],
    sink: log.flatMap((e) => (e.type === "settlement-sent" ? e.keys.map((key) => ({ key, settlement: null })) : [])),
    posts: witness.posts.filter((post) => post.id.includes(id)),
    words: client.words,
    tenant: tenantOf(id, holder),
    commits: null,
    boots,
    leaseMs,
    defects: [],
    console: lines.concat(witness.spans),
    secrets: [client.token, operatorKey, holder.key],
  };
  return [...check(evidence), ...recordBreaches(id, log, views.get(client) ?? null, recorded)];
}

/** Its tenant's books are those that have the job; where none has, that is a breach. */
function tenantOf(id: string, holder: Holder): Evidence["tenant"] {
  const book: Books | undefined = books.find((one) => one.settled.has(id) || one.leases.has(id));
  return {
    capNano: book?.capNano ?? null,
    highestNano: null,
    costNano: book?.costNano ?? 0,
    billedNano: billedNano.get(holder) ?? null,
    settled: book?.settled.get(id) ?? null,
    jobHoldsNano: book?.leases.get(id) ?? null,
  };
}

function callOf(entry: LedgerEntry): Evidence["calls"][number] {
  return {
    attempt: null,
    bidder: `test/${entry.model}`,
    startedAtMs: entry.receivedAtMs,
    endedAtMs: entry.endedAtMs,
    logAtStart: null,
    cut: null,
    billedNano: billed(entry),
  };
}
