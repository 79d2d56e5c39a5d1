import { AtomicError } from "../error.ts";
import type { Job } from "../job/job.ts";
import type { AnswerPart, FinishedAnswer } from "./answer-parts.ts";
import type { Disconnect } from "./disconnect.ts";

/** Heartbeats (10 s each) without text before headers are sent anyway, so that no proxy gives the request up. */
const quietBeats = 2;

/** Runs to the end; the client has waited for the whole. */
export async function wholeAnswer(parts: AsyncGenerator<AnswerPart>, gone: Disconnect): Promise<FinishedAnswer> {
  try {
    for await (const part of parts) if (part.type === "done") return part.answer;
  } finally {
    gone.end();
  }
  throw left();
}

/**
 * The first part that a stream has to tell, and the job where its log was read that far: a failure before it has a status
 * of its own; from the first byte on it can only be a frame.
 */
export async function firstPart(
  parts: AsyncGenerator<AnswerPart>,
  gone: Disconnect,
): Promise<{ first: AnswerPart; job: Job | null }> {
  let beats = 0;
  let job: Job | null = null;
  try {
    for (;;) {
      const { done, value } = await parts.next();
      if (done === true) throw left();
      if (value.type === "begun") job = value.job;
      else if (value.type !== "beat" || ++beats >= quietBeats) return { first: value, job };
    }
  } catch (error) {
    gone.end();
    throw error;
  }
}

const left = () => new AtomicError("cancelled", "The client left before the answer was there.");
