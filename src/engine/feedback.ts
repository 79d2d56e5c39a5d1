import type { Refusal } from "../error.ts";
import { isClosed, labelsOf } from "../plan/kind.ts";
import type { Microtask } from "../plan/microtask.ts";
import { labelIn } from "./label.ts";
import type { Run } from "./run.ts";
import { feedbackSettlement } from "./settle.ts";

/** A person's word on an ended job: the right label, or whether the accepted answer was good. */
export interface FeedbackGiven {
  /** Microtask id; absent: the only one. */
  microtask?: string;
  label?: string;
  good?: boolean;
  /** The operator says so. Absent: the job's tenant. */
  byOperator?: true;
}

/** Takes feedback on one microtask, once; the market is told with the run's next turn. null: taken. */
export function giveFeedback(run: Pick<Run, "job" | "record">, given: FeedbackGiven, nowMs: number): Refusal | null {
  const { job } = run;
  const only = job.microtasks.length === 1 ? job.microtasks[0]?.task.id : undefined;
  const microtask = job.microtasks.find((m) => m.task.id === (given.microtask ?? only));
  if (microtask === undefined) {
    const message = `Name one of the job's microtasks: ${job.microtasks.map((m) => m.task.id).join(", ")}.`;
    return { code: "invalid-request", field: "microtask", message };
  }
  if (job.status === "running")
    return { code: "conflict", message: "The job still runs; give feedback when it has ended." };
  if (job.feedback.some((said) => said.microtask === microtask.task.id))
    return {
      code: "conflict",
      field: "microtask",
      message: "This microtask has its feedback already; it counts once.",
    };
  const wrong = given.label === undefined ? null : checkLabel(given.label, microtask.task);
  if (wrong !== null) return { code: "invalid-request", field: "label", message: wrong };
  const number = job.feedback.length + 1;
  const settlement = feedbackSettlement(job, microtask, given, number, nowMs);
  if (settlement === null)
    return {
      code: "invalid-request",
      field: given.label === undefined ? "good" : "label",
      message: "No finished attempt is there for this feedback to be about.",
    };
  run.record(
    {
      type: "feedback-given",
      microtask: microtask.task.id,
      attempt: microtask.joined?.attempt ?? null,
      label: given.label ?? null,
      good: given.good ?? null,
      number,
      ...(given.byOperator === true ? { byOperator: true as const } : {}),
    },
    // Losers may still be on their way when the answer is out: what is said then is told with the job's end, after it.
    ...(job.madeUp ? [{ type: "settlement-prepared" as const, settlements: [settlement] }] : []),
  );
  return null;
}

/** A label that no answer can have would teach that all were wrong, and feedback counts once. null: it is one. */
function checkLabel(label: string, task: Microtask): string | null {
  const labels = labelsOf(task.kind, task.labels);
  if (labels === null && !isClosed(task.kind))
    return `Kind "${task.kind}" has no labels. Say "good": true or false instead.`;
  if (labels === null && task.kind === "language")
    return languageCode.test(labelIn(label, task) ?? "")
      ? null
      : 'A language is named by its ISO 639-1 code, for example "de".';
  if (labelIn(label, task) !== null) return null;
  return `"${label}" is none of its labels: ${(labels ?? []).join(", ").slice(0, 1000)}. Say "good": false if none is right.`;
}

const languageCode = /^[a-z]{2,3}$/;
