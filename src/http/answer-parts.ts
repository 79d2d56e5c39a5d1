import { AtomicError } from "../error.ts";
import { attemptOf, evolve } from "../job/evolve.ts";
import type { Job } from "../job/job.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import type { Usage } from "../money/price.ts";
import { contractOf } from "../plan/templates.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Finish } from "../race/model-port.ts";

export interface FinishedAnswer {
  text: string;
  /** What the client is to call. */
  calls: ToolCall[];
  finish: Finish;
  /** finish "other": the provider's own word. */
  finishSaid: string | null;
  /** Of the accepted attempt alone: what the client was given. What all attempts cost is in the job. */
  usage: Usage;
  winner: string | null;
  job: Job;
  /** The job was made for the same request before: it costs this client nothing. Absent: it was not. */
  reused?: true;
}

/** Who went on from whose text, and after how many characters (UTF-16 code units) of the answer. */
export interface GoesOn {
  from: string;
  to: string;
  at: number;
}

export type AnswerPart =
  /** The job is on disk. */
  | { type: "begun"; job: Job }
  /** `continues`: it is by another bidder, which was given all text before it. */
  | { type: "text"; text: string; continues?: GoesOn }
  /** Nothing new, still at work. */
  | { type: "beat" }
  | { type: "done"; answer: FinishedAnswer };

/** Why the job's log has no answer for this client. Whatever else is thrown says nothing of the job: it could not be read. */
export class NoAnswer extends AtomicError {}

/**
 * A job's events as one growing text. A client that streams gets the leader's text as it is logged, if the job is
 * delivered live; else the answer comes at the end, in one piece. Text that was given is never taken back, nor spliced
 * without a word: a change of leader after it is thrown as NoAnswer, like a failed job, unless the new leader
 * goes on from that very text, which the next part says; so is JSON that had to be mended after it was given.
 */
export async function* answerParts(
  events: AsyncIterable<LoggedEvent | null>,
  streams: boolean,
  reused?: true,
): AsyncGenerator<AnswerPart, void> {
  let job: Job | null = null;
  let given = "";
  let author: string | null = null;
  let continues: GoesOn | null = null;
  for await (const event of events) {
    if (event === null) {
      yield { type: "beat" };
      continue;
    }
    job = evolve(job, event);
    if (job === null) continue;
    const live = streams && job.request.delivery === "live";
    if (event.type === "job-accepted") yield { type: "begun", job };
    else if (event.type === "text-streamed" && live) {
      if ((author !== null && event.attempt !== author) || event.offset !== given.length) throw changed(job);
      author = event.attempt;
      given += event.text;
      yield { type: "text", text: event.text, ...(continues === null ? {} : { continues }) };
      continues = null;
    } else if (event.type === "leader-changed" && given !== "") {
      if (event.policy !== "continue" || event.offset !== given.length) throw changed(job);
      author = event.to;
      continues = { from: event.fromBidder ?? event.from, to: event.toBidder ?? event.to, at: event.offset };
    } else if (event.type === "job-ended") {
      if (given !== "" && job.request.contract.schema !== undefined && isMended(job.answer)) throw mended(job);
      const text = textOf(job, live);
      if (!text.startsWith(given)) throw changed(job);
      if (text.length > given.length) yield { type: "text", text: text.slice(given.length) };
      const answer = { text, calls: job.answer?.calls ?? [], ...accepted(job), job };
      yield { type: "done", answer: reused ? { ...answer, reused } : answer };
      return;
    }
  }
}

/** The answer as a client of text wants it; throws why there is none. */
function textOf(job: Job, live: boolean): string {
  if (job.status === "cancelled") throw new NoAnswer("cancelled", "The job was cancelled before it had an answer.");
  if (job.answer === null)
    throw new NoAnswer(job.error?.code ?? "internal", job.error?.message ?? "The job ended without an answer.", {
      reason: job.error?.reason,
    });
  const { kind, labels, contract } = job.request;
  // A kind of its own form has its schema from the plan.
  const { schema } = contractOf(kind, labels, contract);
  // Structured text may have been mended: what was validated is the value. Text that was sent live stays as it was.
  return schema === undefined || live || job.answer.calls !== undefined
    ? job.answer.text
    : JSON.stringify(job.answer.value);
}

function accepted(job: Job): Omit<FinishedAnswer, "text" | "calls" | "job"> {
  const joined = job.microtasks.map((m) => m.joined).findLast((j) => j !== null);
  const attempt = joined ? attemptOf(job, joined.attempt) : undefined;
  const usage: Usage = attempt?.usage ?? { input: 0, output: 0, source: "counted" };
  const given = attempt?.continues?.tokens ?? 0;
  const finish = job.answer?.finish ?? attempt?.finish ?? "unknown";
  return {
    // What it was given to go on from is part of the answer, not of the prompt, to the client.
    usage:
      given === 0
        ? usage
        : { ...usage, input: Math.max(0, usage.input - given), output: usage.output + given, source: "counted" },
    winner: attempt?.bidder ?? null,
    finish,
    finishSaid: finish === "other" ? (attempt?.finishSaid ?? null) : null,
  };
}

/** Is an answer's text other JSON than its value, or none? */
function isMended(answer: Job["answer"]): boolean {
  if (answer === null || answer.calls !== undefined) return false;
  try {
    return JSON.stringify(JSON.parse(answer.text)) !== JSON.stringify(answer.value);
  } catch {
    return true;
  }
}

const mended = (job: Job): NoAnswer =>
  new NoAnswer(
    "bidders-failed",
    `The JSON had to be mended after its text was sent live, so the text so far is not the answer. It is in GET /v1/jobs/${job.id}; leave "delivery" out to get it so.`,
  );

const changed = (job: Job): NoAnswer =>
  new NoAnswer(
    "bidders-failed",
    `Another bidder took over after text of the first was sent, so the text so far is void. See GET /v1/jobs/${job.id}.`,
  );
