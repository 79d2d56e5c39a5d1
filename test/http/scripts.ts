import { previewAuctions } from "../../src/engine/preview.ts";
import type { ErrorCode } from "../../src/error.ts";
import type { JobEvent } from "../../src/job/job-event.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import type { ToolCall } from "../../src/plan/tool.ts";
import { freshMarket, twoModels } from "./bidders.ts";
import type { MemoryJob, Script } from "./memory-jobs.ts";

const usage = { input: 12, output: 5, source: "provider" } as const;

export function begin(job: MemoryJob): void {
  job.write(
    { type: "microtasks-planned", stage: "work", plan: singlePlan(job.request), why: "The request is one microtask." },
    ...award(job),
  );
}

/** The real market's decision; it has learnt nothing yet. */
function award(job: MemoryJob): JobEvent[] {
  return previewAuctions({ ...job.request, plan: "single" }, freshMarket(twoModels), 1_790_000_000_000, 1).flatMap(
    ({ microtask, decision }) => ("code" in decision ? [] : [{ type: "award-made" as const, microtask, decision }]),
  );
}

export const started = (attempt: string, bidder: string, place = 0): JobEvent => ({
  type: "attempt-started",
  microtask: "answer",
  attempt,
  bidder,
  place,
  round: 0,
  role: place === 0 ? "leader" : "fallback",
  about: [],
  on: null,
  epoch: 1,
  inputTokens: 12,
  maxOutputTokens: 100,
  reservedNano: 5000,
  examples: 0,
  why: "first place",
});

export const streamed = (attempt: string, offset: number, text: string): JobEvent => ({
  type: "text-streamed",
  microtask: "answer",
  attempt,
  offset,
  text,
});

export const finished = (attempt: string, text: string, finish: "stop" | "length" = "stop"): JobEvent => ({
  type: "attempt-finished",
  microtask: "answer",
  attempt,
  text,
  finish,
  usage,
  costNano: 1500,
  firstTokenMs: 210,
  totalMs: 800,
  queuedMs: 0,
});

export const failedAttempt = (attempt: string): JobEvent => ({
  type: "attempt-failed",
  microtask: "answer",
  attempt,
  reason: "connection-lost",
  message: "The connection was lost.",
  usage,
  costNano: 700,
  firstTokenMs: 210,
  totalMs: 400,
  queuedMs: 0,
});

export const joined = (attempt: string, text: string, value: unknown = text): JobEvent => ({
  type: "microtask-joined",
  microtask: "answer",
  attempt,
  how: "first-pass",
  text,
  value,
  repairs: [],
  criteria: [],
});

export function succeed(job: MemoryJob, text: string, value: unknown = text): void {
  job.write({ type: "job-ended", status: "succeeded", answer: { text, value, unsure: [] } });
  settle(job);
}

export function fail(job: MemoryJob, code: ErrorCode, message: string): void {
  job.write({ type: "job-ended", status: "failed", error: { code, message } });
  settle(job);
}

export function settle(job: MemoryJob): void {
  job.write(
    { type: "settlement-prepared", settlements: [] },
    { type: "settlement-sent", keys: [job.id, `${job.id}/answer`] },
  );
  job.close();
}

/** A job that one bidder answers: in pieces that are sent live where the job asked for that. */
export const answers =
  (text: string, pieces: string[] = [text], value: unknown = text, finish: "stop" | "length" = "stop"): Script =>
  (job) => {
    begin(job);
    job.write(started("a1", "openai/small"));
    let offset = 0;
    if (job.request.delivery === "live")
      for (const piece of pieces) {
        job.write(streamed("a1", offset, piece));
        offset += piece.length;
      }
    job.write(finished("a1", text, finish), joined("a1", text, value));
    succeed(job, text, value);
  };

/** A job whose one bidder asks for calls, after a text or without one. */
export const asksFor =
  (calls: ToolCall[], text = ""): Script =>
  (job) => {
    begin(job);
    job.write(started("a1", "openai/small"));
    if (text !== "" && job.request.delivery === "live") job.write(streamed("a1", 0, text));
    job.write({ ...finished("a1", text), calls } as JobEvent, { ...joined("a1", text), calls } as JobEvent, {
      type: "job-ended",
      status: "succeeded",
      answer: { text, value: text, calls, unsure: [], finish: "stop" },
    });
    settle(job);
  };

/** A job that no bidder could answer. */
export const refuses =
  (code: ErrorCode, message: string): Script =>
  (job) => {
    begin(job);
    job.write(started("a1", "openai/small"), failedAttempt("a1"));
    fail(job, code, message);
  };

/** Stays open until the test goes on. */
export const stalls: Script = (job) => {
  begin(job);
  job.write(started("a1", "openai/small"));
};
