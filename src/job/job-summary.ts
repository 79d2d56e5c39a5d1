import type { ErrorCode } from "../error.ts";
import type { Settlement } from "../market/settlement.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { RunningJob } from "../money/tenant-ledger.ts";
import { inputOf } from "./input-of.ts";
import type { Job } from "./job.ts";
import type { Seal } from "./seal.ts";

/** One row of a job list: no content, only facts. Times in epoch ms. */
export interface JobSummary {
  id: string;
  tenant: string;
  status: Job["status"];
  kind: string;
  plan: string;
  via: string;
  createdAtMs: number;
  endedAtMs: number | null;
  microtasks: number;
  attempts: number;
  costNano: NanoUsd;
  savedNano: NanoUsd;
  savedTokens: number;
  /** Bidder of the (last) accepted attempt. */
  winner: string | null;
  error: ErrorCode | null;
  /** As it was recorded at settlement. Absent: it runs, settled before seals were kept, or this comes from its own log. */
  seal?: Seal;
}

/** What the market's queue carries when a job has ended (and again, with other settlements, on feedback). */
export interface SettlementMessage {
  summary: JobSummary;
  /** How often the job's cost was corrected since it ended; the summary of the highest counts. Left out: 0. */
  revision?: number | undefined;
  /** "2026-11": the month its tenant's books have the job in. Left out: the one it ended in. */
  month?: string | undefined;
  settlements: Settlement[];
  /** Accepted answers of a job that asked to keep them. */
  examples: {
    kind: string;
    input: string;
    output: string;
    /** What its job was confined to. Left out by code of before, which did not tell: it is not kept. */
    only?: { bidders: string[] | null; region: string | null } | undefined;
  }[];
  /** Kinds of which this job's answers turned out to be wrong: none of them is an example. Left out: none did. */
  spoiled?: string[] | undefined;
}

/** Folds a job into its summary. */
export function summaryOf(job: Job): JobSummary {
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  const joined = job.microtasks
    .flatMap((m) => (m.joined === null ? [] : [m.joined]))
    .sort((a, b) => b.atMs - a.atMs)[0];
  return {
    id: job.id,
    tenant: job.tenant,
    status: job.status,
    kind: job.request.kind,
    plan: job.planSource ?? "none",
    via: job.via,
    createdAtMs: job.acceptedAtMs,
    endedAtMs: job.endedAtMs,
    microtasks: job.microtasks.length,
    attempts: attempts.length,
    costNano: job.costNano,
    savedNano: attempts.reduce((sum, a) => sum + a.savedNano, 0),
    savedTokens: attempts.reduce((sum, a) => sum + a.savedTokens, 0),
    winner: attempts.find((a) => a.id === joined?.attempt)?.bidder ?? null,
    error: job.error?.code ?? null,
  };
}

/** A job that has not settled yet, as a list shows it: what it does and costs is in its own object. */
export const runningSummary = (tenant: string, job: RunningJob): JobSummary => ({
  ...job,
  tenant,
  status: "running",
  endedAtMs: null,
  microtasks: 0,
  attempts: 0,
  costNano: 0,
  savedNano: 0,
  savedTokens: 0,
  winner: null,
  error: null,
});

/** Longest text of an example, code units: longer ones would crowd the prompt they are shown in. */
const exampleChars = 3000;

/**
 * Accepted answers of generative kinds, when the job asked to keep them and nothing forbids it. None of a job that
 * redacts: a later one that replaces less would show their values to a bidder.
 */
export function examplesOf(job: Job): SettlementMessage["examples"] {
  const { request } = job;
  if (!request.examples || request.noRetention || request.redact !== undefined) return [];
  if (job.status !== "succeeded") return [];
  const { bidders, region } = request;
  const wrong = spoiledIn(job);
  return job.microtasks.flatMap(({ task, joined }) => {
    if (wrong.includes(task.kind)) return [];
    // A turn among tools shows nothing without them.
    if (joined === null || task.kind === "plan" || task.tools !== undefined) return [];
    const input = inputOf(job, task);
    if (input.length > exampleChars || joined.text.length > exampleChars) return [];
    return [{ kind: task.kind, input, output: joined.text, only: { bidders, region } }];
  });
}

/** Kinds of which a person has said that this job's answer was wrong. */
export function spoiledIn(job: Job): string[] {
  const wrong = new Set<string>();
  for (const { task, joined } of job.microtasks)
    for (const { attempts } of job.settlements)
      for (const { attempt, outcome } of attempts)
        if (attempt === joined?.attempt && outcome?.source === "feedback" && outcome.worth < 0.5) wrong.add(task.kind);
  return [...wrong];
}
