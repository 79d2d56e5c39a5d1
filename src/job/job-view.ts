import type { NanoUsd } from "../money/nano-usd.ts";
import { toUsd } from "../money/nano-usd.ts";
import type { Wait } from "../plan/microtask.ts";
import type { RedactionCounts } from "../plan/redaction.ts";
import type { Attempt, Job } from "./job.ts";
import type { Answer } from "./job-event.ts";
import { outboxView } from "./webhook-body.ts";

/** What `GET /v1/jobs/{id}` answers: the fold of the log, without the texts of losing attempts. */
export interface JobView {
  id: string;
  status: Job["status"];
  seq: number;
  via: string;
  lane: "durable" | "fast";
  kind: string;
  plan: string | null;
  createdAtMs: number;
  endedAtMs: number | null;
  answer: Answer | null;
  error: Job["error"];
  costUsd: number;
  savedUsd: number;
  savedTokens: number;
  settled: boolean;
  metadata: Record<string, string>;
  webhooks: ReturnType<typeof outboxView>;
  usage: { inputTokens: number; outputTokens: number };
  microtasks: MicrotaskView[];
}

export interface MicrotaskView {
  id: string;
  kind: string;
  status: string;
  winner: string | null;
  how: string | null;
  failure: { code: string; message: string } | null;
  /** What it waits for, and since when (epoch ms); null: it does not. */
  waiting: { wait: Wait; sinceMs: number } | null;
  attempts: AttemptView[];
}

export interface AttemptView {
  id: string;
  bidder: string;
  role: string;
  status: string;
  failure: string | null;
  /** "stop", "length", ..., a word of its provider's that is none of ours, or "unknown" (it said none); null: no end. */
  finish: string | null;
  costUsd: number;
  savedUsd: number;
  tokens: { input: number; output: number; source: string } | null;
  firstTokenMs: number | null;
  totalMs: number | null;
  /** Waited for its place at the bidder and its slot; the other durations begin after it. */
  queuedMs: number;
  /** It was asked to stop: when, when it had, what had come until then, and what was not sent for it. Null: it was not. */
  cut: {
    why: string;
    askedAtMs: number;
    stoppedAtMs: number;
    tokensSeen: number;
    tokensBilled: number;
    billedBy: string;
    savedTokens: number;
    savedUsd: number;
    /** How long it would have been, tokens, the most it could have been, and what that was read off; null: an old log. */
    uncut: Attempt["uncut"];
  } | null;
  /** Frames of its stream that came twice: dropped by their number, or alike and passed on; null: none known of. */
  repeats: { dropped: number; alike: number } | null;
  /** Different values that were replaced in what left for its bidder, by kind; null: none. */
  redacted: RedactionCounts | null;
  /** What was foretold of one that was cut on a prediction, and what both sides of it were worth. */
  writtenOff: {
    criterion: string;
    pFalse: number;
    valueUsd: number;
    remainingUsd: number;
    /** How many such answers were seen to their ends, and how many passed after all; null: an old log. */
    risk: { seen: number; wrong: number; declared: number } | null;
  } | null;
}

const usd = (nano: NanoUsd): number => toUsd(nano);

const cutOf = (a: Attempt): AttemptView["cut"] =>
  a.cut === null
    ? null
    : {
        why: a.message,
        ...a.cut,
        tokensBilled: a.usage?.output ?? 0,
        billedBy: a.usage?.source ?? "counted",
        savedTokens: a.savedTokens,
        savedUsd: usd(a.savedNano),
        uncut: a.uncut,
      };

/** Folds a job into its view. Pure. */
export function viewOf(job: Job): JobView {
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  const sum = (of: (a: (typeof attempts)[number]) => number) => attempts.reduce((total, a) => total + of(a), 0);
  return {
    id: job.id,
    status: job.status,
    seq: job.seq,
    via: job.via,
    lane: job.request.lane ?? "durable",
    kind: job.request.kind,
    plan: job.planSource,
    createdAtMs: job.acceptedAtMs,
    endedAtMs: job.endedAtMs,
    answer: job.answer,
    error: job.error,
    costUsd: usd(job.costNano),
    savedUsd: usd(sum((a) => a.savedNano)),
    savedTokens: sum((a) => a.savedTokens),
    settled: job.sent.has(job.id),
    metadata: job.request.metadata,
    webhooks: outboxView(job),
    usage: { inputTokens: sum((a) => a.usage?.input ?? 0), outputTokens: sum((a) => a.usage?.output ?? 0) },
    microtasks: job.microtasks.map((m) => ({
      id: m.task.id,
      kind: m.task.kind,
      status: m.status,
      winner: m.attempts.find((a) => a.id === m.joined?.attempt)?.bidder ?? null,
      how: m.joined?.how ?? null,
      failure: m.failure,
      waiting:
        m.status === "waiting" && m.task.wait !== undefined ? { wait: m.task.wait, sinceMs: m.waitingSinceMs } : null,
      attempts: m.attempts.map((a) => ({
        id: a.id,
        bidder: a.bidder,
        role: a.role,
        status: a.status,
        failure: a.failure ?? (a.status === "cancelled" ? a.message : null),
        finish: a.finishSaid ?? a.finish,
        costUsd: usd(a.costNano),
        savedUsd: usd(a.savedNano),
        tokens: a.usage === null ? null : { input: a.usage.input, output: a.usage.output, source: a.usage.source },
        firstTokenMs: a.firstTokenMs,
        totalMs: a.totalMs,
        queuedMs: a.queuedMs,
        cut: cutOf(a),
        repeats: a.repeats,
        redacted: a.redacted,
        writtenOff:
          a.writtenOff === null
            ? null
            : {
                criterion: a.writtenOff.criterion,
                pFalse: a.writtenOff.pFalse,
                valueUsd: usd(a.writtenOff.valueNano),
                remainingUsd: usd(a.writtenOff.remainingNano),
                risk: a.writtenOff.risk,
              },
      })),
    })),
  };
}
