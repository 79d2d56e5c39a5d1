import { lineOf } from "../../durable-objects/log-page.ts";
import type { EndedLog, LogShardObject } from "../../durable-objects/log-shard.ts";
import { type FastPlace, fastPlace, logShards, timeOfKey } from "../access/fast-place.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import { linksOf } from "../http/native/links.ts";
import type { Caller, JobHandle } from "../http/ports.ts";
import { fold } from "../job/evolve.ts";
import { explain } from "../job/explain.ts";
import type { Job } from "../job/job.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import { type JobSummary, summaryOf } from "../job/job-summary.ts";
import { viewOf } from "../job/job-view.ts";
import { ledgerOf } from "../job/ledger.ts";
import { fastLaneMs } from "../plan/check-lane.ts";
import type { FastJob } from "./fast-job.ts";

/** An isolate writes to one shard, so that what its jobs leave is written together. */
const ownShard = Math.floor(Math.random() * logShards);
/** Logs that have waited longer than this to be written down send new jobs to the durable lane, ms. */
const longestBacklogMs = 5_000;

/** A log that was not taken for so long went with its request: the platform lets one work on for half a minute, ms. */
const lostMs = 60_000;

/** So long a reader waits for a log that may be on its way, ms: a second bidder may run on for ten seconds to teach. */
const patienceMs = 12_000;
const pollMs = { first: 50, longest: 500 };

/** Logs of this isolate that are not written down yet, and since when. */
const backlog = new Map<string, number>();

/** Jobs that run in this isolate, by the caller of the request that made them: no other request may touch them. */
const running = new WeakMap<Caller, { id: string; job: FastJob }>();

/** Are logs written down so slowly that new jobs had better have an object of their own? */
export function isBehind(nowMs: number): boolean {
  let behind = false;
  for (const [key, sinceMs] of backlog) {
    if (nowMs - sinceMs > lostMs) backlog.delete(key);
    else if (nowMs - sinceMs > longestBacklogMs) behind = true;
  }
  return behind;
}

export const newFastPlace = (): FastPlace =>
  fastPlace(ownShard, Date.now(), crypto.getRandomValues(new Uint8Array(10)));

type ShardRpc = Pick<LogShardObject, "take" | "log" | "feedback" | "reconcile" | "erase">;

const shardOf = (env: AtomicEnv, { shard }: FastPlace): ShardRpc =>
  // The platform types of RPC turn `unknown` into never; the object's own types are the truth.
  env.LOG_SHARD.get(env.LOG_SHARD.idFromName(`shard/${shard}`)) as unknown as ShardRpc;

/** Writes a job's log down in its shard. Rejects when the shard does not take it; the log counts as waiting meanwhile. */
export async function keepLog(
  env: AtomicEnv,
  place: FastPlace,
  tenant: string,
  log: readonly LoggedEvent[],
): Promise<void> {
  const ended: EndedLog = { key: place.key, tenant, lines: log.map(lineOf).join("") };
  backlog.set(place.key, backlog.get(place.key) ?? Date.now());
  try {
    await shardOf(env, place).take(ended);
  } catch (error) {
    console.error(JSON.stringify({ event: "log-not-kept", shard: place.shard, error: nameOf(error) }));
    throw error;
  }
  backlog.delete(place.key);
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");

/** A job of this request, found again by its caller. */
export const remember = (caller: Caller, id: string, job: FastJob): void => void running.set(caller, { id, job });

/** A job of the fast lane, running in this request or written down. `summary`: what the list has of it. */
export function fastHandle(
  env: AtomicEnv,
  place: FastPlace,
  caller: Caller,
  id: string,
  summary: () => Promise<JobSummary | null>,
): JobHandle {
  const own = running.get(caller);
  const live = own?.id === id ? own.job : null;
  const shard = shardOf(env, place);
  const lines = async (): Promise<string> => {
    if (live !== null) return live.log.map(lineOf).join("");
    const written = await shard.log(caller.tenant, place.key);
    if (written !== null) return written;
    // An answer is out a moment before its log is written down. One that has settled was deleted.
    const isYoung = Date.now() - timeOfKey(place.key) < fastLaneMs + lostMs;
    const untilMs = isYoung && (await summary()) === null ? Date.now() + patienceMs : 0;
    for (let waitMs = pollMs.first; Date.now() < untilMs; waitMs = Math.min(pollMs.longest, 2 * waitMs)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const text = await shard.log(caller.tenant, place.key);
      if (text !== null) return text;
    }
    if ((await summary()) === null)
      throw new AtomicError(
        "conflict",
        "The job runs in the Worker that took it, or died with it. It can be read when its answer is out; without one, send it again.",
        { field: "id" },
      );
    throw new AtomicError(
      "gone",
      `The job's retention has ended, or it was deleted. Its summary is at ${linksOf(id).summary}.`,
      {
        field: "id",
      },
    );
  };
  const read = async (): Promise<Job> => {
    const events = (await lines()).split("\n").filter((line) => line !== "");
    const job = fold(events.map((line) => JSON.parse(line) as LoggedEvent));
    if (job === null) throw new AtomicError("internal", "The job's log cannot be read now. Try again.");
    return job;
  };
  return {
    view: async () => live?.view() ?? viewOf(await read()),
    ended: async (waitMs) => (live === null ? viewOf(await read()) : live.ended(waitMs)),
    events: async (after) => live?.events(after) ?? linesAfter(await lines(), after),
    explain: async () => explain(await read()),
    cancel: async (by) => live?.cancel(by) ?? { status: (await read()).status },
    async erase() {
      // Of one that is not written down yet nothing could be deleted; of one that is gone nothing has to be.
      if ((await summary()) === null) await lines();
      return shard.erase(caller.tenant, place.key);
    },
    ledger: async () => ledgerOf(await read()),
    approve: async (microtask) => ({
      code: "conflict",
      field: "microtask",
      message: `"${microtask.slice(0, 64)}" waits for nobody: a job of the fast lane never does.`,
    }),
    async reconcile(attempt, usage) {
      await lines();
      return shard.reconcile(caller.tenant, place.key, attempt, usage);
    },
    async feedback(feedback) {
      await lines();
      return shard.feedback(caller.tenant, place.key, feedback);
    },
    summary: async () => (await summary()) ?? summaryOf(await read()),
  };
}

/** The events behind one, as a stream that ends. */
function linesAfter(text: string, after: number): ReadableStream<Uint8Array> {
  const rest = text.split("\n").filter((line) => line !== "" && (JSON.parse(line) as LoggedEvent).seq > after);
  return new Response(rest.map((line) => `${line}\n`).join("")).body ?? new ReadableStream();
}
