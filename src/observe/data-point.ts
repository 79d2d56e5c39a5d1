import { resultOf } from "../job/counters.ts";
import type { JobSummary } from "../job/job-summary.ts";
import type { AttemptReport, Settlement } from "../market/settlement.ts";

/**
 * The one schema of Atomic's Analytics Engine dataset. Analytics Engine samples, keeps three months and confirms
 * nothing, so it is for charts, never the ledger: money is billed from the job log and D1.
 *
 * index1 is the tenant. A point is a job that ended, an attempt that ran in it, or feedback that came later on one.
 * Columns that do not apply hold "" or -1. Money is nano-USD, durations are ms. Queries are in queries.ts.
 */
export const blobNames = [
  /** blob1: "job", "attempt", "feedback" */
  "type",
  /** blob2: of the job's request, or of the attempt's microtask */
  "kind",
  /** blob3: the attempt's, or the job's winner */
  "bidder",
  /** blob4: of the attempt in its race: "leader", "hedge", ... */
  "role",
  /** blob5: job: its status. attempt, feedback: "accepted", "rejected", "failed", "cut", "unknown" */
  "result",
  /** blob6: the job's error code, or the attempt's failure reason */
  "failure",
  /** blob7: where the outcome comes from: "criteria", "judge", "agreement", "feedback", "audit" */
  "source",
  /** blob8: "single", "email-triage", ... (jobs only) */
  "plan",
  /** blob9: "http", "email", "queue", "cron" (jobs only) */
  "via",
  /** blob10 */
  "job",
] as const;

export const doubleNames = [
  /** double1: points this one stands for, besides _sample_interval: more than 1 when an invocation had too many */
  "weight",
  /** double2: billed, nano-USD; 0 in feedback */
  "cost_nano",
  /** double3, double4: not billed because losers were cut (jobs only) */
  "saved_nano",
  "saved_tokens",
  /** double5, double6: until the first token, and until the end (job: from acceptance), ms */
  "first_token_ms",
  "total_ms",
  /** double7: 1 when `total_ms` was cut short, or no I/O lay in it and the clock stood still */
  "untimed",
  /** double8, double9 */
  "input_tokens",
  "output_tokens",
  /** double10: probability of an accepted answer that the bid claimed */
  "claimed",
  /** double11: what the attempt was taken to be worth, 0 to 1; -1: nothing is known */
  "worth",
  /** double12, double13 (jobs only) */
  "microtasks",
  "attempts",
] as const;

export type BlobName = (typeof blobNames)[number];
export type DoubleName = (typeof doubleNames)[number];

/** What `writeDataPoint` of an Analytics Engine binding takes. */
export interface DataPoint {
  indexes: [string];
  blobs: string[];
  doubles: number[];
}

/** Limits of Analytics Engine: points an invocation may write, and bytes of an index; its 16 KB of blobs a point are far. */
export const maxPoints = 250;
const maxIndexBytes = 96;
/** Ten blobs of this are below 16 KB even when each character takes three bytes. */
const maxBlobChars = 256;

/**
 * One point for each job that ended and each attempt that was learned; at most 250. Jobs go first; when attempts are
 * too many, evenly spaced ones are written and weigh more, so that sums stay right on average.
 */
export function dataPoints(ended: readonly JobSummary[], learned: readonly Settlement[]): DataPoint[] {
  const [jobs, jobWeight] = thinned(ended, maxPoints);
  const all = learned.flatMap((settlement) => settlement.attempts.map((attempt) => ({ settlement, attempt })));
  const [attempts, weight] = thinned(all, maxPoints - jobs.length);
  return [
    ...jobs.map((summary) => jobPoint(summary, jobWeight)),
    ...attempts.map(({ settlement, attempt }) => attemptPoint(settlement, attempt, weight)),
  ];
}

function thinned<T>(all: readonly T[], room: number): [kept: T[], weight: number] {
  if (all.length <= room) return [[...all], 1];
  if (room <= 0) return [[], 0];
  const step = all.length / room;
  const kept = Array.from({ length: room }, (_, n) => all[Math.floor(n * step)]).filter((one) => one !== undefined);
  return [kept, step];
}

const jobPoint = (job: JobSummary, weight: number): DataPoint =>
  encode(
    job.tenant,
    {
      type: "job",
      kind: job.kind,
      bidder: job.winner ?? "",
      result: job.status,
      failure: job.error ?? "",
      plan: job.plan,
      via: job.via,
      job: job.id,
    },
    {
      weight,
      cost_nano: job.costNano,
      saved_nano: job.savedNano,
      saved_tokens: job.savedTokens,
      total_ms: job.endedAtMs === null ? -1 : job.endedAtMs - job.createdAtMs,
      untimed: 0,
      microtasks: job.microtasks,
      attempts: job.attempts,
    },
  );

function attemptPoint(settlement: Settlement, attempt: AttemptReport, weight: number): DataPoint {
  const isFeedback = settlement.key.includes("/feedback/");
  return encode(
    settlement.tenant,
    {
      type: isFeedback ? "feedback" : "attempt",
      kind: settlement.kind,
      bidder: attempt.bidder,
      role: attempt.role,
      result: resultOf(attempt),
      failure: attempt.failure ?? "",
      source: attempt.outcome?.source ?? "",
      job: settlement.key.slice(0, Math.max(0, settlement.key.indexOf("/"))),
    },
    {
      weight,
      // The attempt's own point has its cost already.
      cost_nano: isFeedback ? 0 : attempt.costNano,
      first_token_ms: attempt.firstTokenMs ?? -1,
      total_ms: attempt.totalMs,
      untimed: attempt.censored || !attempt.timed ? 1 : 0,
      input_tokens: attempt.inputTokens,
      output_tokens: attempt.outputTokens,
      claimed: attempt.claimed.accept,
      worth: attempt.outcome?.worth ?? -1,
    },
  );
}

/** A point with its columns in the schema's order. */
export function encode(
  tenant: string,
  blobs: Partial<Record<BlobName, string>>,
  doubles: Partial<Record<DoubleName, number>>,
): DataPoint {
  return {
    indexes: [withinBytes(tenant, maxIndexBytes)],
    blobs: blobNames.map((name) => (blobs[name] ?? "").slice(0, maxBlobChars)),
    doubles: doubleNames.map((name) => finite(doubles[name] ?? -1)),
  };
}

const finite = (value: number): number => (Number.isFinite(value) ? value : -1);

/** The longest prefix of whole characters within so many bytes of UTF-8. */
function withinBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  let size = 0;
  let end = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (size > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
