/** `npm run verify`: is a job's log, or the chain of all jobs' seals, still what was recorded? */
import { createHash } from "node:crypto";
import { type ChainedJob, checkChain } from "../src/job/check-chain.ts";
import type { ChainEnd, Seal } from "../src/job/seal.ts";
import type { Api } from "./api.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run verify -- JOB
npm run verify -- --chain [--tenant NAME] [--kept N:LINK]

JOB: reads a job's log event by event and compares it with its seal: the SHA-256 of its first events, which D1 keeps
outside the job's own object since the job settled. Needs its tenant's key, for the log has its texts. Without this command:
  curl -sN URL/v1/jobs/JOB/events | sed -n 's/^data: //p' | head -n EVENTS | sha256sum

--chain: reads the seals of all jobs of the key's tenant (--tenant: of another, with the operator's key) and checks that
each is what its link was made of (tenant, job, status, end, events, hash) and follows from the one before it, that none is
missing, and that the last one is where the tenant's object says the chain ends. What else a list shows of a job, its cost
above all, is not in it. It prints the end: keep it elsewhere and give it as --kept the next time, and nobody can have made
the chain anew meanwhile.

Exit code 1 if anything differs.`;

/** What has just settled may still be on its way to the list, ms. */
const patienceMs = 15_000;
/** Jobs that settled before seals were chained may have ended so long after the chain began, ms. */
const beginningMs = 86_400_000;
const hexOf = (text: string): string => createHash("sha256").update(text).digest("hex");

async function verifyJob(api: Api, job: string): Promise<boolean> {
  const seal = await api.call<Seal>("GET", `/v1/jobs/${job}/seal`);
  const hash = createHash("sha256");
  let seen = 0;
  let expected = 1;
  for await (const line of api.eventLines(job)) {
    const { seq } = JSON.parse(line) as { seq: number };
    if (seq !== expected++) throw new Error(`Event ${expected - 1} is missing: ${seq} came in its place.`);
    if (seen < seal.events) hash.update(`${line}\n`);
    seen++;
  }
  const found = hash.digest("hex");
  const same = seen >= seal.events && found === seal.sha256;
  console.log(`recorded  ${seal.sha256}  of ${seal.events} events`);
  console.log(
    `found     ${found}  of ${Math.min(seen, seal.events)} events, ${Math.max(0, seen - seal.events)} came later`,
  );
  console.log(same ? "The log is what was recorded." : "DIFFERENT: the log is not what was recorded.");
  return same;
}

async function verifyChain(api: Api, of: string, kept: Place | null): Promise<boolean> {
  const endOf = () => api.call<{ tenant: string; end: ChainEnd | null }>("GET", `/v1${of}/chain`);
  const untilMs = Date.now() + patienceMs;
  for (let told = false; ; ) {
    const { tenant, end: before } = await endOf();
    const { placed, bare } = await jobsOf(api, of);
    const { end: after } = await endOf();
    const { first, last, forgotten, breaches } = checkChain(placed, { before, after, kept }, Date.now(), hexOf);
    const beganMs = Math.min(...placed.map((job) => job.endedAtMs ?? Number.POSITIVE_INFINITY));
    const unplaced = bare.filter((job) => job.createdAtMs > beganMs + beginningMs);
    if (unplaced.length > 0)
      breaches.push(
        `${unplaced.length} in the list have no place in the chain: ${unplaced[0]?.id}${unplaced.length > 1 ? ", ..." : ""}`,
      );
    if (breaches.length > 0 && Date.now() < untilMs) {
      if (!told) console.log("Something differs; what settled a moment ago may be on its way. Looking again ...");
      told = true;
      await new Promise((done) => setTimeout(done, 1_000));
      continue;
    }
    const count = `${placed.length} ${placed.length === 1 ? "seal" : "seals"}`;
    console.log(first === null ? `${tenant}: no seals.` : `${tenant}: ${count}, places ${first} to ${last ?? first}.`);
    if (forgotten > 0) console.log(`${forgotten} more are past their time (400 days).`);
    for (const breach of breaches) console.log(`DIFFERENT: ${breach}`);
    if (breaches.length === 0 && before !== null)
      console.log(`The chain is whole. Its end, to be kept: ${before.n}:${before.link}`);
    return breaches.length === 0;
  }
}

interface Listed extends Omit<ChainedJob, "seal"> {
  createdAtMs: number;
  seal?: Seal;
}

/** Ended jobs of the list: those with a place in the chain, and those without. */
async function jobsOf(api: Api, of: string): Promise<{ placed: ChainedJob[]; bare: Listed[] }> {
  const placed: ChainedJob[] = [];
  const bare: Listed[] = [];
  let before = "";
  for (;;) {
    const page = await api.call<{ jobs: Listed[]; next: string | null }>("GET", `/v1${of}/jobs?limit=200${before}`);
    for (const job of page.jobs)
      if (job.seal?.place !== undefined) placed.push({ ...job, seal: { ...job.seal, place: job.seal.place } });
      else if (job.status !== "running") bare.push(job);
    if (page.next === null) return { placed, bare };
    before = `&before=${encodeURIComponent(page.next)}`;
  }
}

type Place = Pick<ChainEnd, "n" | "link">;

function placeOf(text: string): Place {
  const [, n, link] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n === undefined || link === undefined) throw wrong("--kept takes what an earlier check printed: N:LINK.", usage);
  return { n: Number(n), link };
}

await main({
  usage,
  words: 1,
  options: { chain: { type: "boolean" }, tenant: { type: "string" }, kept: { type: "string" } },
  async run(api, [job], { chain, tenant, kept }) {
    if ((chain === true) === (job !== undefined)) throw wrong("Name a job, or say --chain.", usage);
    if ((kept ?? tenant) !== undefined && chain !== true) throw wrong("--kept and --tenant belong to --chain.", usage);
    const of = typeof tenant === "string" ? `/tenants/${encodeURIComponent(tenant)}` : "";
    const same =
      job === undefined
        ? await verifyChain(api, of, typeof kept === "string" ? placeOf(kept) : null)
        : await verifyJob(api, job);
    if (!same) process.exitCode = 1;
  },
});
