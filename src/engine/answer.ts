import { microtaskOf } from "../job/evolve.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import { assemble } from "../output/assemble.ts";
import { prepareSchema } from "../output/validator.ts";
import { isClosed, sureFrom } from "../plan/kind.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Finish } from "../race/model-port.ts";
import { readLabel } from "./label.ts";
import type { Run } from "./run.ts";

/** All microtasks ended and none that was required failed: the results become one answer that fits the contract. */
export function assembleAnswer(run: Run): void {
  const { job } = run;
  if (job.assembly === null) return;
  const results = Object.fromEntries(
    job.microtasks.map((m) => [
      m.task.id,
      m.joined === null
        ? { failed: m.failure?.message ?? "It has no result." }
        : { text: m.joined.text, value: m.joined.value },
    ]),
  );
  const { leftOut = [], ...answer } = assemble(job.assembly, results);
  // A plan of several parts must still give what the caller's schema promised.
  const { schema } = job.request.contract;
  if (schema !== undefined && job.planSource !== "single") {
    const prepared = prepareSchema(schema);
    const errors = prepared.ok ? prepared.errors(answer.value) : [{ path: "", message: prepared.why }];
    if (errors.length > 0) {
      const message = `The assembled answer does not fit the schema: ${errors[0]?.path ?? ""} ${errors[0]?.message ?? ""}`;
      return run.record({ type: "job-ended", status: "failed", error: { code: "not-accepted", message } });
    }
  }
  const finish = finishOf(job);
  const calls = callsOf(job);
  run.record({
    type: "job-ended",
    status: "succeeded",
    answer: {
      ...answer,
      ...(calls.length === 0 ? {} : { calls }),
      unsure: [...unsureParts(job), ...leftOut],
      ...(finish === null ? {} : { finish }),
    },
  });
}

/** Microtasks the answer is made of, by the part of it they fill. */
function partsOf({ assembly }: Job): (readonly [part: string, microtask: string])[] {
  if (assembly === null) return [];
  return assembly.type === "single" ? [[assembly.of, assembly.of]] : Object.entries(assembly.fields);
}

/** Only a lone microtask may call. */
const callsOf = (job: Job): ToolCall[] =>
  job.assembly?.type === "single" ? (microtaskOf(job, job.assembly.of)?.joined?.calls ?? []) : [];

/** From bad to good. */
const ends: readonly Finish[] = ["length", "content-filter", "other", "unknown", "stop"];

/** How the accepted attempts behind the answer ended: as badly as the worst of them. */
function finishOf(job: Job): Finish | null {
  const said = partsOf(job).map(([, id]) => {
    const microtask = job.microtasks.find((m) => m.task.id === id);
    return microtask?.attempts.find((a) => a.id === microtask.joined?.attempt)?.finish ?? null;
  });
  return ends.find((finish) => said.includes(finish)) ?? null;
}

/** Parts of the answer that are not to be relied on: each with why. */
const unsureParts = (job: Job): { part: string; why: string }[] =>
  partsOf(job).flatMap(([part, id]) => {
    const microtask = job.microtasks.find((m) => m.task.id === id);
    const why = microtask === undefined ? null : doubtOf(job, microtask);
    return why === null ? [] : [{ part, why }];
  });

/** No result, no second voice where two were to agree, no judge's word where one was asked for, or too little confidence. */
function doubtOf({ request }: Job, { task, joined, failure, attempts }: MicrotaskState): string | null {
  if (joined === null) return failure?.message ?? "It has no result.";
  if (request.strategy === "agreement" && joined.how === "only-one-left") {
    const others = attempts.filter((a) => isAnswer(a) && a.id !== joined.attempt);
    if (others.length === 0) return "Only one answer came: no second one confirms it.";
    return `No two answers agreed: ${others.map((a) => a.bidder).join(", ")} answered something else.`;
  }
  const winner = attempts.find((a) => a.id === joined.attempt);
  const open = winner?.wholeVerdict?.criteria.find((c) => c.class === "judged" && c.result === "undecided");
  if (open !== undefined) return `No judge decided whether it is accepted: ${open.evidence}.`;
  if (!isClosed(task.kind)) return null;
  const read = readLabel(joined.text, task);
  if (read === null || read.confidence === null || read.confidence >= sureFrom) return null;
  return `"${read.label}" was claimed with a confidence of ${read.confidence}, below ${sureFrom}.`;
}

/** Whole, not rejected, and no judge's words. */
const isAnswer = ({ status, role, wholeVerdict }: Attempt): boolean =>
  status === "complete" && role !== "judge" && wholeVerdict?.result !== "reject";
