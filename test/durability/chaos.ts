import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { argumentsOf } from "../../scripts/arguments.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { type Outcome, runSchedule } from "./run-schedule.ts";
import { calmSchedule, randomSchedule, type Schedule, type WriteFault } from "./schedule.ts";

const usage = `npm run test:chaos -- [--schedules 10000] [--from 1] [--each 8] [--threads 2]
npm run test:chaos -- --seed N [--write N --how before|after|full|zombie]

The engine under a virtual clock: a crash at every write of a few jobs, then random schedules of crashes, cancels, caps
and waits. All that was written, sent, billed and shown is checked. Exit code 1 at the first breach, with its replay.

  --schedules  how many random schedules; --from: the seed of the first
  --each       jobs of which every write is crashed, in four ways
  --seed       replays one random schedule and prints its log; with --write and --how: one crash of one write
  --threads    default: as many as there are processors, two at most`;

const { values } = argumentsOf(usage, {
  seed: { type: "string" },
  schedules: { type: "string", default: "10000" },
  from: { type: "string", default: "1" },
  each: { type: "string", default: "8" },
  write: { type: "string" },
  how: { type: "string" },
  threads: { type: "string" },
});

/** What one thread ran; `breach` stops all. */
interface Told {
  every: number;
  random: number;
  ends: [string, number][];
  /** What the jobs had that goes wrong in its own way. */
  had: [string, number][];
  breach: string | null;
}

if (!isMainThread) parentPort?.postMessage(await share(workerData as { part: number; parts: number }));
else if (values.seed !== undefined) await replay(Number(values.seed));
else await all();

async function all(): Promise<void> {
  const began = performance.now();
  const parts = Number(values.threads ?? Math.min(2, availableParallelism()));
  const ends = new Map<string, number>();
  const had = new Map<string, number>();
  let [every, random] = [0, 0];
  const threads = Array.from({ length: parts }, (_, part) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { part, parts }, argv: process.argv.slice(2) });
    return new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (told: Told) => {
        if (told.breach !== null) {
          console.error(told.breach);
          process.exit(1);
        }
        every += told.every;
        random += told.random;
        for (const [end, n] of told.ends) count(ends, end, n);
        for (const [what, n] of told.had) count(had, what, n);
        resolve();
      });
    });
  });
  await Promise.all(threads);
  const list = (of: Map<string, number>) =>
    [...of]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, n]) => `${what} ${n}`)
      .join(", ");
  console.log(
    `${every} runs with a crash at each write and ${random} random schedules without a breach in ${Math.round((performance.now() - began) / 1000)} s; jobs ended: ${list(ends)}; they had: ${list(had)}.`,
  );
}

function calls(event: LoggedEvent): boolean {
  return event.type === "job-ended" && event.status === "succeeded" && event.answer.calls !== undefined;
}

/** Every `parts`-th run. Ends at its first breach. */
async function share({ part, parts }: { part: number; parts: number }): Promise<Told> {
  const told: Told = { every: 0, random: 0, ends: [], had: [], breach: null };
  const ends = new Map<string, number>();
  const had = new Map<string, number>();
  const note = (outcome: Outcome, how: string): boolean => {
    for (const { shown, posts, words, tenant, log } of outcome.evidence) {
      count(ends, shown?.status ?? "none");
      count(had, "webhook posts", posts?.length ?? 0);
      count(had, "words of people", words.length);
      count(had, "words refused", words.filter((word) => !word.taken).length);
      count(had, "answers that call", log.filter(calls).length);
      count(had, "waits", log.filter((e) => e.type === "microtask-waiting").length);
      count(had, "jobs under a cap", tenant?.capNano === null ? 0 : 1);
      count(had, "starts refused for money", log.filter((e) => e.type === "start-refused").length);
      count(had, "cancels", log.filter((e) => e.type === "cancel-requested").length);
      count(had, "charges", log.filter((e) => e.type === "microtask-charged").length);
      count(had, "restarts that found work", log.filter((e) => e.type === "epoch-started").length);
    }
    for (let n = 0; n < outcome.refused; n++) count(ends, "refused at the door");
    if (outcome.breaches.length === 0) return false;
    told.breach = `${outcome.breaches.slice(0, 10).join("\n")}\nReplay: npm run test:chaos -- ${how}`;
    return true;
  };
  for (let seed = 1 + part; seed <= Number(values.each); seed += parts) {
    const calm = await runSchedule(calmSchedule(seed));
    told.every++;
    if (note(calm, `--seed ${seed} --write 0`)) return told;
    for (let write = 1; write <= calm.writes; write++)
      for (const how of ["before", "after", "full", "zombie"] as const) {
        told.every++;
        const outcome = await runSchedule(atWrite(seed, write, how));
        if (note(outcome, `--seed ${seed} --write ${write} --how ${how}`)) return told;
      }
  }
  const first = Number(values.from);
  for (let seed = first + part; seed < first + Number(values.schedules); seed += parts) {
    told.random++;
    if (note(await runSchedule(randomSchedule(seed)), `--seed ${seed}`)) return told;
  }
  told.ends = [...ends];
  told.had = [...had];
  return told;
}

async function replay(seed: number): Promise<void> {
  const schedule = values.write === undefined ? randomSchedule(seed) : atWrite(seed, Number(values.write), values.how);
  const outcome = await runSchedule(schedule);
  for (const { job, log, boots } of outcome.evidence) {
    const fromMs = boots[0] ?? 0;
    for (const { seq, atMs, type, ...rest } of log)
      console.log(job, seq, atMs - fromMs, type, JSON.stringify(rest).slice(0, 160));
    console.log(`${job} booted at ${boots.map((b) => b - fromMs).join(", ")} ms.`);
  }
  const plans = schedule.jobs.map(({ id, postedAtMs, cancelsAtMs }) => ({ id, postedAtMs, cancelsAtMs }));
  console.log(JSON.stringify({ faults: schedule.faults, capNano: schedule.capNano, jobs: plans }));
  console.log(outcome.breaches.length === 0 ? "No breach." : outcome.breaches.join("\n"));
  process.exit(outcome.breaches.length === 0 ? 0 : 1);
}

function atWrite(seed: number, write: number, how = "after"): Schedule {
  return { ...calmSchedule(seed), faults: [{ when: "write", write, how: how as WriteFault }] };
}

function count(of: Map<string, number>, what: string, n = 1): void {
  of.set(what, (of.get(what) ?? 0) + n);
}
