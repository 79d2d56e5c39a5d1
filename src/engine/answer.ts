import { assemble } from "../output/assemble.ts";
import { validate } from "../output/validator.ts";
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
  const answer = assemble(job.assembly, results);
  // A plan of several parts must still give what the caller's schema promised.
  const { schema } = job.request.contract;
  if (schema !== undefined && job.planSource !== "single") {
    const errors = validate(answer.value, schema);
    if (errors.length > 0) {
      const message = `The assembled answer does not fit the schema: ${errors[0]?.path ?? ""} ${errors[0]?.message ?? ""}`;
      return run.record({ type: "job-ended", status: "failed", error: { code: "not-accepted", message } });
    }
  }
  run.record({ type: "job-ended", status: "succeeded", answer });
}
