/** `npm run evaluate -- FILE`: how each of several bidders does on jobs of yours. The market learns it on the way. */
import { createHash } from "node:crypto";
import type { JobView } from "../src/job/job-view.ts";
import { type Api, Refused } from "./api.ts";
import { wholeNumber } from "./arguments.ts";
import { inWords, main, wrong } from "./command.ts";
import { contextOf, isExpected, judgesItself, type KnownAnswer, tellMarket } from "./expected.ts";
import { readJsonLines } from "./json-lines.ts";

const usage = `npm run evaluate -- FILE --bidders ID,ID [--judges ID,ID] [--at-once 4] [--most-usd 1] [--name NAME]
                                          [--json]

Puts each job of FILE (a body of POST /v1/jobs a line) to each bidder alone, and shows how often it was accepted, what it cost
and how long it took. The market learns from it: later jobs like these are bid on by what was seen. Give them a contract
(a schema, criteria), or say beside them what is right: "expect": a label, a text or data, which is not sent. Without either any
answer is accepted, and of labels any one. Criteria in words need --judges: nobody judges itself, and only the
one bidder is asked. A job that stands there twice is put once.
Where the tenant may begin no more jobs for now it waits.

  --bidders    whom to put them to; npm run bidders -- list shows who there is
  --judges     who may judge their answers
  --at-once    jobs that run at a time
  --most-usd   ends when its jobs have cost so much, those of an earlier start among them
  --name       of this evaluation (default: the day); what was answered under it is not asked, or paid for, again
  --json       prints the table as one object
  Ctrl-C       begins no more, waits for what runs (again: does not), and shows what there is

Exit code 1 if runs are left, whatever stopped it.`;

/** With the words around it, it has to be a key of at most 255 visible characters. */
const nameForm = /^[\x21-\x7e]{1,128}$/;
/** So soon after the first a second signal is the same Ctrl-C: the terminal sends it, and npm passes it on. */
const sameKeyMs = 1_000;

interface Run {
  /** Where it stands in the file first. */
  entry: number;
  job: object;
  bidder: string;
  /** What is right; undefined: nobody says. */
  expected: unknown;
  /** Under which it is made. */
  key: string;
}
interface Tally {
  bidder: string;
  jobs: number;
  accepted: number;
  rejected: number;
  /** It answered, and no judge said whether the answer is accepted. */
  undecided: number;
  /** It gave no answer that could be judged: an error, a time-out. */
  failed: number;
  costUsd: number;
  tookMs: number[];
}

const pollMs = 1_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function bodiesIn(file: string): object[] {
  const bodies = readJsonLines(file);
  if (bodies.length === 0) throw new Error(`${file} has no jobs.`);
  return bodies.map((body, i) => {
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new Error(`${file}: entry ${i + 1} is no body of POST /v1/jobs.`);
    for (const field of ["bidders", "plan", "webhook", "lane"])
      if (field in body) throw new Error(`${file}: entry ${i + 1} has "${field}"; leave it out.`);
    return body;
  });
}

const idsIn = (list: unknown): string[] => [
  ...new Set(
    String(list ?? "")
      .split(",")
      .map((id) => id.trim())
      .filter((id) => id !== ""),
  ),
];

/** Each job to each bidder, once. */
function runsOf(bodies: readonly object[], bidders: readonly string[], judges: readonly string[], name: string): Run[] {
  const runs = new Map<string, Run>();
  for (const [i, body] of bodies.entries())
    for (const bidder of bidders) {
      const { expect: expected, ...asked } = body as { expect?: unknown };
      const judged = judges.length === 0 ? {} : { judges };
      const job = { ...asked, ...judged, bidders: [bidder], strategy: "single" };
      const key = `evaluate/${name}/${createHash("sha256").update(JSON.stringify(job)).digest("hex")}`;
      if (!runs.has(key)) runs.set(key, { entry: i + 1, job, bidder, expected, key });
    }
  return [...runs.values()];
}

/** The job's end. The same job under the same name is made once. */
async function ended(api: Api, { job, key }: Run): Promise<JobView> {
  let view = await api.call<JobView>("POST", "/v1/jobs?wait=60", job, undefined, { "idempotency-key": key });
  while (view.status === "running") {
    await pause(pollMs);
    view = await api.call<JobView>("GET", `/v1/jobs/${view.id}`);
  }
  // Of one that was made before and is over only that is said.
  return "microtasks" in view ? view : await api.call<JobView>("GET", `/v1/jobs/${(view as JobView).id}`);
}

function count(tally: Tally, view: JobView, expected: unknown): void {
  tally.jobs++;
  tally.costUsd += view.costUsd;
  if (view.status === "succeeded" && expected !== undefined)
    tally[isExpected(view, expected) ? "accepted" : "rejected"]++;
  else if (view.status === "succeeded" && view.microtasks.some(({ how }) => how === "only-one-left")) tally.undecided++;
  else if (view.status === "succeeded") tally.accepted++;
  else if (view.error?.code === "not-accepted") tally.rejected++;
  else tally.failed++;
  if (view.endedAtMs !== null && view.status === "succeeded") tally.tookMs.push(view.endedAtMs - view.createdAtMs);
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

function lineOf({ bidder, jobs, accepted, rejected, undecided, failed, costUsd, tookMs }: Tally) {
  const sorted = [...tookMs].sort((a, b) => a - b);
  return {
    bidder,
    jobs,
    accepted,
    rejected,
    undecided,
    failed,
    meanCostUsd: jobs === 0 ? null : costUsd / jobs,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
  };
}

function printTable(lines: readonly ReturnType<typeof lineOf>[]): void {
  const width = Math.max(6, ...lines.map((line) => line.bidder.length));
  console.log(`${"bidder".padEnd(width)}  jobs  accepted  rejected  undecided  failed   USD a job      p50      p95`);
  const seconds = (ms: number | null) => (ms === null ? "-" : `${(ms / 1000).toFixed(2)} s`).padStart(9);
  for (const line of lines) {
    const share = line.jobs === 0 ? "-" : `${Math.round((100 * line.accepted) / line.jobs)} %`;
    const cost = line.meanCostUsd === null ? "-" : line.meanCostUsd.toFixed(6);
    console.log(
      `${line.bidder.padEnd(width)}  ${String(line.jobs).padStart(4)}  ${share.padStart(8)}  ${String(line.rejected).padStart(8)}  ${String(line.undecided).padStart(9)}  ${String(line.failed).padStart(6)}  ${cost.padStart(10)}${seconds(line.p50Ms)}${seconds(line.p95Ms)}`,
    );
  }
}

/** One input's rows have one name, whoever answered; what it is a case of is asked once for each input. */
async function rowsOf(api: Api, known: readonly { run: Run; good: boolean; kind: string }[]): Promise<KnownAnswer[]> {
  const contexts = new Map<string, string | undefined>();
  const rows: KnownAnswer[] = [];
  for (const { run, good, kind } of known) {
    const input = createHash("sha256")
      .update(JSON.stringify({ ...run.job, bidders: null }))
      .digest("hex");
    if (!contexts.has(input)) contexts.set(input, await contextOf(api, run.job));
    const context = contexts.get(input);
    rows.push({ input, bidder: run.bidder, kind, good, ...(context === undefined ? {} : { context }) });
  }
  return rows;
}

await main({
  usage,
  words: 1,
  options: {
    bidders: { type: "string" },
    judges: { type: "string" },
    "at-once": { type: "string", default: "4" },
    "most-usd": { type: "string", default: "1" },
    name: { type: "string", default: new Date().toISOString().slice(0, 10) },
    json: { type: "boolean", default: false },
  },
  async run(api, [file], options) {
    if (file === undefined) throw wrong("Name a file of jobs.", usage);
    const bidders = idsIn(options.bidders);
    const judges = idsIn(options.judges);
    if (bidders.length === 0) throw wrong("Say whom to put them to: --bidders ID,ID.", usage);
    const atOnce = wholeNumber("at-once", String(options["at-once"]), 1);
    const mostUsd = Number(options["most-usd"]);
    if (!(mostUsd > 0)) throw wrong("--most-usd takes an amount of USD.", usage);
    const name = String(options.name);
    if (!nameForm.test(name)) throw wrong("--name takes 1 to 128 visible ASCII characters without spaces.", usage);
    const runs = runsOf(bodiesIn(file), bidders, judges, name);
    const tallies = new Map(
      bidders.map((bidder): [string, Tally] => [
        bidder,
        { bidder, jobs: 0, accepted: 0, rejected: 0, undecided: 0, failed: 0, costUsd: 0, tookMs: [] },
      ]),
    );
    const jobs = runs.length / bidders.length;
    const all = runs.length;
    console.error(`${all} runs (jobs: ${jobs}, bidders: ${bidders.length}), for $${mostUsd} at most`);
    let [done, spentUsd] = [0, 0];
    let stopped: string | null = null;
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    let interruptedAtMs: number | null = null;
    const stop = () => {
      if (interruptedAtMs !== null && Date.now() - interruptedAtMs > sameKeyMs) leave();
      interruptedAtMs ??= Date.now();
      stopped ??= "It was interrupted";
    };
    process.on("SIGINT", stop);
    const known: { run: Run; good: boolean; kind: string }[] = [];
    let told = Date.now();
    let goesOnAtMs = 0;
    const waitFor = async (ms: number) => {
      if (Date.now() >= goesOnAtMs)
        console.error(`No more jobs may begin now; it goes on in ${Math.ceil(ms / 1000)} s`);
      const untilMs = Date.now() + ms;
      goesOnAtMs = Math.max(goesOnAtMs, untilMs);
      while (Date.now() < untilMs && stopped === null) await pause(Math.min(200, untilMs - Date.now()));
    };
    const work = async () => {
      for (let run = runs.shift(); run !== undefined && stopped === null; run = runs.shift()) {
        // Asked before each run, not after: one that was put off comes back when no other is left.
        if (spentUsd >= mostUsd) {
          stopped = `The jobs have cost $${spentUsd.toFixed(4)}: raise --most-usd`;
          return;
        }
        try {
          const view = await ended(api, run);
          const tally = tallies.get(run.bidder);
          if (tally !== undefined) count(tally, view, run.expected);
          if (run.expected !== undefined && view.status === "succeeded" && !judgesItself(run.job))
            known.push({ run, good: isExpected(view, run.expected), kind: view.kind });
          spentUsd += view.costUsd;
          done++;
        } catch (error) {
          if (error instanceof Refused && error.status === 429 && error.retryAfterMs > 0) {
            runs.push(run);
            await waitFor(error.retryAfterMs);
            continue;
          }
          // Whatever is refused would be refused each time.
          stopped ??= `Entry ${run.entry}, ${run.bidder}: ${inWords(error)}`;
        }
        if (Date.now() - told < 5_000) continue;
        told = Date.now();
        console.error(`${done} of ${all}, $${spentUsd.toFixed(4)}`);
      }
    };
    await Promise.race([Promise.all(Array.from({ length: Math.min(atOnce, all) }, work)), left]);
    const lines = [...tallies.values()].map(lineOf);
    if (options.json === true) console.log(JSON.stringify({ runs: all, done, spentUsd, bidders: lines }, null, 1));
    else printTable(lines);
    if (stopped !== null) {
      console.error(`${stopped}. ${done} of ${all} runs are done; the same command goes on from there.`);
      // What follows it in a script must not take part of a table for the whole.
      process.exitCode = 1;
    }
    if (known.length > 0) console.error(await tellMarket(api, await rowsOf(api, known)));
    if (interruptedAtMs !== null) process.exit(130);
  },
});
