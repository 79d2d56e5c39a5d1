/** `npm run verify`: is a job's log, or the chain of all jobs' seals, still what was recorded? */
import { createHash } from "node:crypto";
import { type ChainedJob, checkChain } from "../src/job/check-chain.ts";
import type { Seal, SealPlace } from "../src/job/seal.ts";
import type { Api } from "./api.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run verify -- JOB
npm run verify -- --chain [--tenant NAME] [--kept N:LINK]

JOB: reads a job's log event by event and compares it with its seal: the SHA-256 of its first events, which D1 keeps
outside the job's own object since the job settled. Without this command:
  curl -sN URL/v1/jobs/JOB/events | sed -n 's/^data: //p' | head -n EVENTS | sha256sum

--chain: reads the seals of all jobs of the key's tenant (--tenant: of another, with the operator's key) and checks that
each follows from the one before it, that none is missing, and that the last one is where the tenant's object says the
chain ends. It prints that end: keep it elsewhere and give it as --kept the next time, and nobody can have made the chain
anew meanwhile.

Exit code 1 if anything differs.`;

/** What has just settled may still be on its way to the list, ms. */
const patienceMs = 15_000;
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

async function verifyChain(api: Api, of: string, kept: SealPlace | null): Promise<boolean> {
  const { tenant, head } = await api.call<{ tenant: string; head: SealPlace | null }>("GET", `/v1${of}/chain`);
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    // What settles meanwhile is behind the end that was read.
    const jobs = (await chainedJobs(api, of)).filter(({ seal }) => seal.place.n <= (head?.n ?? 0));
    const { first, last, forgotten, breaches } = checkChain(jobs, head, kept, hexOf);
    const late = head !== null && (last ?? 0) < head.n;
    if (late && Date.now() < untilMs) {
      await new Promise((done) => setTimeout(done, 1_000));
      continue;
    }
    console.log(
      first === null
        ? `${tenant}: no seals.`
        : `${tenant}: ${jobs.length} ${jobs.length === 1 ? "seal" : "seals"}, places ${first} to ${last ?? first}.`,
    );
    if (forgotten > 0)
      console.log(
        `${forgotten} before these are not in the list. Rows are forgotten 400 days after their jobs; if yours are younger, they were removed.`,
      );
    for (const breach of breaches) console.log(`DIFFERENT: ${breach}`);
    if (breaches.length === 0 && head !== null)
      console.log(`The chain is whole. Its end, to be kept: ${head.n}:${head.link}`);
    return breaches.length === 0;
  }
}

async function chainedJobs(api: Api, of: string): Promise<ChainedJob[]> {
  const found: ChainedJob[] = [];
  let before = "";
  for (;;) {
    const page = await api.call<{ jobs: (Omit<ChainedJob, "seal"> & { seal?: Seal })[]; next: string | null }>(
      "GET",
      `/v1${of}/jobs?limit=200${before}`,
    );
    for (const { id, tenant, endedAtMs, seal } of page.jobs)
      if (seal?.place !== undefined) found.push({ id, tenant, endedAtMs, seal: { ...seal, place: seal.place } });
    if (page.next === null) return found;
    before = `&before=${encodeURIComponent(page.next)}`;
  }
}

function placeOf(text: string): SealPlace {
  const [, n, link] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n === undefined || link === undefined) throw wrong("--kept takes what an earlier check printed: N:LINK.", usage);
  return { n: Number(n), link };
}

await main({
  usage,
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
